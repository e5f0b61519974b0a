package mysql

// Commands (MySQL, "Command Phase"; MariaDB, "COM_*").
const (
	comQuit           = 0x01
	comInitDB         = 0x02
	comQuery          = 0x03
	comFieldList      = 0x04
	comCreateDB       = 0x05
	comDropDB         = 0x06
	comStatistics     = 0x09
	comProcessInfo    = 0x0a
	comChangeUser     = 0x11
	comBinlogDump     = 0x12
	comTableDump      = 0x13
	comStmtPrepare    = 0x16
	comStmtExecute    = 0x17
	comLongData       = 0x18
	comStmtClose      = 0x19
	comStmtReset      = 0x1a
	comStmtFetch      = 0x1c
	comBinlogDumpGTID = 0x1e
	comBulkExecute    = 0xfa // MariaDB

	comLogin = 0x00 // the login, which is no command: COM_SLEEP is never sent
)

// answer says what a command is answered with.
type answer uint8

const (
	ansNone   answer = iota // nothing
	ansOK                   // OK, EOF or ERR
	ansResult               // the same, or result sets
	ansPrepare
	ansFields // column definitions
	ansText   // one string
	ansRows   // rows without definitions
	ansAuth   // an exchange of authentication data, then OK or ERR
	ansEvents // the binary log, without end
)

// command is what is known of a kind of command. The names are those of the
// documents without prefix, in words.
type command struct {
	name     string
	answer   answer
	min, max int // length of the payload with the command's byte; max 0: any
}

var commands = [256]command{
	comLogin:          {"LOGIN", ansAuth, 0, 0},
	comQuit:           {"QUIT", ansNone, 1, 1},
	comInitDB:         {"USE DATABASE", ansOK, 2, 1024},
	comQuery:          {"QUERY", ansResult, 2, 0},
	comFieldList:      {"SHOW FIELDS", ansFields, 3, 2048},
	comCreateDB:       {"CREATE DATABASE", ansOK, 2, 1024},
	comDropDB:         {"DROP DATABASE", ansOK, 2, 1024},
	0x07:              {"REFRESH", ansOK, 2, 2},
	0x08:              {"SHUTDOWN", ansOK, 1, 2},
	comStatistics:     {"STATISTICS", ansText, 1, 1},
	comProcessInfo:    {"PROCESS LIST", ansResult, 1, 1},
	0x0c:              {"KILL", ansOK, 5, 5},
	0x0d:              {"DEBUG", ansOK, 1, 1},
	0x0e:              {"PING", ansOK, 1, 1},
	comChangeUser:     {"CHANGE USER", ansAuth, 4, 0},
	comBinlogDump:     {"SEND BINLOG", ansEvents, 11, 1024},
	comTableDump:      {"SEND TABLE", ansEvents, 3, 1024},
	0x15:              {"REGISTER SLAVE", ansOK, 18, 1024},
	comStmtPrepare:    {"PREPARE STATEMENT", ansPrepare, 2, 0},
	comStmtExecute:    {"EXECUTE STATEMENT", ansResult, 10, 0},
	comLongData:       {"SEND LONG DATA", ansNone, 7, 0},
	comStmtClose:      {"CLOSE STATEMENT", ansNone, 5, 5},
	comStmtReset:      {"RESET STATEMENT", ansOK, 5, 5},
	0x1b:              {"SET OPTION", ansOK, 3, 3},
	comStmtFetch:      {"FETCH DATA", ansRows, 9, 9},
	comBinlogDumpGTID: {"SEND BINLOG GTID", ansEvents, 19, 0},
	0x1f:              {"RESET CONNECTION", ansOK, 1, 1},
	0x20:              {"CLONE", ansResult, 1, 1},
	comBulkExecute:    {"BULK EXECUTE STATEMENT", ansResult, 7, 0},
}

// names are those of the commands as bytes, which messages borrow.
var names = func() (n [256][]byte) {
	for i, c := range commands {
		n[i] = []byte(c.name)
	}
	return n
}()

// fits reports whether a command may have a payload of n bytes.
func fits(code byte, n int) bool {
	c := &commands[code]
	return code != comLogin && c.name != "" && n >= c.min && (c.max == 0 || n <= c.max)
}
