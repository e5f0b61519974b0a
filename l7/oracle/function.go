package oracle

// Functions (TTIFUN) that are read; the names are those of the call interface.
const (
	funParse     = 0x03 // OPARSE
	funReexecute = 0x04 // OEXEC
	funFetch     = 0x05 // OFETCH
	funLogoff    = 0x09 // OLOGOFF
	funAll       = 0x3e // OALL
	funAll7      = 0x47 // OALL7
	funParse7    = 0x4a // OSQL7
	funExecFetch = 0x4e // OEXFEN
	funLogon     = 0x51 // O3LOGON
	funLogonKey  = 0x52 // O3LOGA
	funAll8      = 0x5e // OALL8
	funLOB       = 0x60 // OLOBOPS
	funTxnEnd    = 0x68 // OTXEN
	funClose     = 0x69 // OCCA
	funAuth      = 0x73 // OAUTH
	funKey       = 0x76 // OSESSKEY
	funCancelAll = 0x78 // OCANA
	funEndToEnd  = 0x87 // OSCID
	funSchema    = 0x98 // OSCS
	funKeyValue  = 0x9a // OKEYVAL
	funNotify    = 0xbb
	funPipeline  = 0xc7 // of pipelines: the first, the last
	funPipeEnd   = 0xc8
)

// functions name the calls. Those that run statements are named by these.
var functions = func() (t [256][]byte) {
	for n, name := range map[byte]string{
		0x01: "LOGIN", 0x02: "OPEN CURSOR", funParse: "PARSE", funReexecute: "EXECUTE", funFetch: "FETCH", 0x08: "CLOSE CURSOR",
		funLogoff: "LOGOFF", 0x0a: "DESCRIBE", 0x0c: "AUTOCOMMIT ON", 0x0d: "AUTOCOMMIT OFF", 0x0e: "COMMIT", 0x0f: "ROLLBACK",
		0x12: "VERSION", 0x14: "CANCEL", 0x16: "EXIT", 0x30: "STARTUP", 0x31: "SHUTDOWN", 0x3b: "VERSION", funAll: "EXECUTE", funAll7: "EXECUTE",
		0x48: "FETCH", funParse7: "PARSE", funExecFetch: "EXECUTE", funLogon: "LOGIN", funLogonKey: "LOGIN", 0x54: "LOGIN", funAll8: "EXECUTE",
		0x58: "XA START", 0x59: "XA COMMIT", 0x5a: "XA PREPARE", funLOB: "LOB", 0x62: "DESCRIBE", 0x67: "TRANSACTION START", funTxnEnd: "TRANSACTION END",
		0x6b: "SESSION SWITCH", funAuth: "LOGIN", funKey: "LOGIN", 0x77: "DESCRIBE", 0x79: "ENQUEUE", 0x7a: "DEQUEUE", 0x7d: "SUBSCRIBE", 0x7e: "LISTEN",
		0x80: "DIRECT PATH PREPARE", 0x81: "DIRECT PATH LOAD", 0x82: "DIRECT PATH END", 0x85: "EXECUTE", 0x89: "FETCH", 0x91: "ENQUEUE", 0x93: "PING",
		0xa2: "SESSION GET", 0xa3: "SESSION RELEASE", 0xb8: "ENQUEUE", 0xb9: "DEQUEUE", funNotify: "NOTIFY", funPipeEnd: "PIPELINE END",
	} {
		t[n] = []byte(name)
	}
	return t
}()

// unknownFunction is the name of a call that has none here; its number is told.
var unknownFunction = []byte("CALL")

// lobs name the operations on large objects (TNS_LOB_OP_..).
func lobName(op int) []byte {
	const array = 0x80000
	switch op &^ array {
	case 0x0001:
		return lobLength
	case 0x0002:
		return lobRead
	case 0x0020:
		return lobTrim
	case 0x0040, 0x0042:
		return lobWrite
	case 0x0110:
		return lobCreate
	case 0x0111:
		return lobFree
	case 0x0100, 0x8000:
		return lobOpen
	case 0x0200, 0x10000:
		return lobClose
	}
	return nil
}

var (
	lobLength = []byte("LOB LENGTH")
	lobRead   = []byte("LOB READ")
	lobTrim   = []byte("LOB TRIM")
	lobWrite  = []byte("LOB WRITE")
	lobCreate = []byte("LOB CREATE")
	lobFree   = []byte("LOB FREE")
	lobOpen   = []byte("LOB OPEN")
	lobClose  = []byte("LOB CLOSE")
)

// runs reports whether a function names a cursor or a statement first.
func runs(fn byte) bool {
	switch fn {
	case funReexecute, funFetch, funExecFetch, funAll8:
		return true
	}
	return false
}
