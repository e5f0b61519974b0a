package stomp

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Bounds.
const (
	maxHead    = 32 << 10 // command and headers
	maxSearch  = 4 << 10  // bytes of a body without length that are searched before the frame is told
	digestSize = 256      // bytes of a body that its digest covers
	maxLine    = 11       // UNSUBSCRIBE
	window     = maxHead + maxSearch + 256
)

// command is a command; those of servers come last.
type command uint8

const (
	unknown command = iota
	connect
	stomp
	send
	subscribe
	unsubscribe
	begin
	commit
	abort
	ack
	nack
	disconnect
	connected
	message
	receipt
	fault
)

var names = [...][]byte{
	connect: []byte("CONNECT"), stomp: []byte("STOMP"), send: []byte("SEND"), subscribe: []byte("SUBSCRIBE"),
	unsubscribe: []byte("UNSUBSCRIBE"), begin: []byte("BEGIN"), commit: []byte("COMMIT"), abort: []byte("ABORT"), ack: []byte("ACK"),
	nack: []byte("NACK"), disconnect: []byte("DISCONNECT"), connected: []byte("CONNECTED"), message: []byte("MESSAGE"),
	receipt: []byte("RECEIPT"), fault: []byte("ERROR"),
}

// mayCome reports whether a command travels in a direction.
func (c command) mayCome(dir l7.Dir) bool { return (c >= connected) == (dir == l7.ToClient) }

// frame is a frame up to its body, borrowed.
type frame struct {
	command command
	list    []byte // headers, with the line ends
	end     int    // place of the body
	size    int64  // of the body, -1 if only its end tells

	destination, receipt, receiptID, messageID, correlation, replyTo []byte
	subscription, transaction, contentType, host, server, text       []byte
	version                                                          []byte
}

// outcome of reading from bytes that may end too early.
type outcome uint8

const (
	good outcome = iota
	more
	bad
)

// readCommand reads the first line.
func readCommand(b []byte) (c command, n int, o outcome) {
	line, n, ok := cursor.Line(b[:min(len(b), maxLine+2)])
	if !ok {
		for _, name := range names[connect:] {
			if k := min(len(name), len(b)); bytes.EqualFold(b[:k], name[:k]) && len(b) <= len(name)+1 {
				return 0, 0, more
			}
		}
		return 0, 0, bad
	}
	for c := connect; c <= fault; c++ {
		if len(line) == len(names[c]) && bytes.EqualFold(line, names[c]) { // some brokers write them small
			return c, n, good
		}
	}
	return 0, 0, bad
}

// readFrame reads a frame up to its body. The first of equal headers counts.
func readFrame(b []byte) (f frame, o outcome) {
	c, at, o := readCommand(b)
	if o != good {
		return f, o
	}
	f.command, f.size = c, -1
	from := at
	for {
		line, n, ok := cursor.Line(b[at:min(len(b), maxHead)])
		if !ok {
			if len(b) >= maxHead {
				return f, bad
			}
			return f, more
		}
		at += n
		if len(line) == 0 {
			break
		}
		i := bytes.IndexByte(line, ':')
		if i <= 0 || bytes.IndexByte(line, 0) >= 0 {
			return f, bad
		}
		if !f.header(line[:i], line[i+1:]) {
			return f, bad
		}
	}
	f.list, f.end = b[from:at], at
	return f, good
}

// header takes a header that is looked at. It is false if the length of the
// body is no number.
func (f *frame) header(name, value []byte) bool {
	var to *[]byte
	switch string(name) {
	case "content-length":
		n, ok := cursor.Decimal(cursor.TrimOWS(value))
		if !ok || n > 1<<40 {
			return false
		}
		if f.size < 0 {
			f.size = int64(n)
		}
		return true
	case "destination":
		to = &f.destination
	case "receipt":
		to = &f.receipt
	case "receipt-id":
		to = &f.receiptID
	case "message-id":
		to = &f.messageID
	case "correlation-id":
		to = &f.correlation
	case "reply-to":
		to = &f.replyTo
	case "subscription", "id":
		to = &f.subscription
	case "transaction":
		to = &f.transaction
	case "content-type":
		to = &f.contentType
	case "host":
		to = &f.host
	case "server":
		to = &f.server
	case "message":
		to = &f.text
	case "version":
		to = &f.version
	default:
		return true
	}
	if *to == nil {
		*to = value
	}
	return true
}
