package openwire

// Data types of commands (the specification's "Command Types").
const (
	wireFormatInfo    = 1
	connectionError   = 16
	messageDispatch   = 21
	messageAck        = 22
	firstMessage      = 23
	lastMessage       = 29
	response          = 30
	exceptionResponse = 31
	lastResponse      = 34
)

var names = [...]string{
	1: "WireFormatInfo", 2: "BrokerInfo", 3: "ConnectionInfo", 4: "SessionInfo", 5: "ConsumerInfo", 6: "ProducerInfo", 7: "TransactionInfo",
	8: "DestinationInfo", 9: "RemoveSubscriptionInfo", 10: "KeepAliveInfo", 11: "ShutdownInfo", 12: "RemoveInfo", 14: "ControlCommand",
	15: "FlushCommand", 16: "ConnectionError", 17: "ConsumerControl", 18: "ConnectionControl", 19: "ProducerAck", 20: "MessagePull",
	21: "MessageDispatch", 22: "MessageAck", 23: "ActiveMQMessage", 24: "ActiveMQBytesMessage", 25: "ActiveMQMapMessage",
	26: "ActiveMQObjectMessage", 27: "ActiveMQStreamMessage", 28: "ActiveMQTextMessage", 29: "ActiveMQBlobMessage", 30: "Response",
	31: "ExceptionResponse", 32: "DataResponse", 33: "DataArrayResponse", 34: "IntegerResponse", 90: "MessageDispatchNotification",
	91: "NetworkBridgeFilter",
}

// Bounds.
const (
	maxSize  = 256 << 20 // server's largest frame is 100 MiB unless it is told otherwise
	headSize = 512       // bytes of a command that are looked at
	window   = 4 << 10
)

// magic begins what follows the type of a WireFormatInfo.
const magic = "ActiveMQ"

// command is the head of a command, borrowed.
type command struct {
	kind     byte
	size     int // of the whole frame
	id       uint32
	answered bool   // a response is required
	answers  uint32 // command that a response answers
	class    []byte // of an exception
}

// outcome of reading from bytes that may end too early.
type outcome uint8

const (
	good outcome = iota
	more
	bad
)

// readCommand reads the head of a command. The encoding shows itself: in the
// loose one the id follows the type, whose first byte is zero for the first 16
// million commands; in the tight one the size of the flags, which are never
// without a byte.
func readCommand(b []byte) (c command, o outcome) {
	if len(b) < 5 {
		if len(b) > 0 && b[0] > maxSize>>24 {
			return c, bad
		}
		return c, more
	}
	n := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	c.kind, c.size = b[4], n+4
	if n < 6 || n > maxSize || int(c.kind) >= len(names) || names[c.kind] == "" {
		return c, bad
	}
	need := min(c.size, headSize)
	if c.kind == wireFormatInfo {
		if k := min(len(b)-5, len(magic)); string(b[5:5+k]) != magic[:k] {
			return c, bad
		}
	}
	if len(b) < need {
		return c, more
	}
	if c.kind == wireFormatInfo {
		return c, good
	}
	r := reader{b: b[5:need], ok: true}
	if r.b[0] != 0 {
		r.flags()
	}
	c.id, c.answered = r.number(4), r.bool()
	if c.kind >= response && c.kind <= lastResponse {
		c.answers = r.number(4)
		if c.kind == exceptionResponse && r.bool() && r.ok {
			c.class = r.text()
		}
	}
	if !r.ok {
		return c, bad
	}
	return c, good
}

// reader reads fields of either encoding: flags are apart in the tight one, in
// line in the loose one.
type reader struct {
	b     []byte
	bits  []byte
	at    int
	tight bool
	ok    bool
}

func (r *reader) take(n int) []byte {
	if !r.ok || n > len(r.b) {
		r.ok = false
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) number(n int) (v uint32) {
	for _, c := range r.take(n) {
		v = v<<8 | uint32(c)
	}
	return v
}

// flags reads the flags of the tight encoding (BooleanStream): their size in a
// byte, behind 0xC0 in the next one, behind 0x80 in the next two.
func (r *reader) flags() {
	n := r.number(1)
	switch n {
	case 0xc0:
		n = r.number(1)
	case 0x80:
		n = r.number(2)
	}
	if n == 0 {
		r.ok = false
	}
	r.bits, r.tight = r.take(int(n)), true
}

func (r *reader) bool() bool {
	if !r.tight {
		v := r.number(1)
		r.ok = r.ok && v <= 1
		return v == 1
	}
	if !r.ok || r.at >= 8*len(r.bits) {
		r.ok = false
		return false
	}
	v := r.bits[r.at/8]>>(r.at%8)&1 == 1
	r.at++
	return v
}

// text reads a string; nil if there is none, or if it does not fit. The tight
// encoding has a flag that says whether it is ASCII.
func (r *reader) text() []byte {
	if !r.bool() {
		return nil
	}
	if r.tight {
		r.bool()
	}
	v := r.take(int(r.number(2)))
	for _, c := range v {
		if c <= ' ' || c >= 0x7f {
			return nil
		}
	}
	r.ok = true // a name that is cut is only absent
	return v
}
