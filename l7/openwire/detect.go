package openwire

import "github.com/wirespan/wirespan/l7"

// detect looks at the first commands. A WireFormatInfo is certain, together with
// a command that shows whose it is. Connections whose beginning was not captured
// are plausible when two commands follow each other.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) == 0 {
		return l7.NeedMore
	}
	begun := false
	for i := 0; len(b) > 0; i++ {
		c, o := readCommand(b)
		switch {
		case o == bad || len(b) > 4 && !mayCome(c.kind, dir):
			return l7.No
		case o == more:
			return l7.NeedMore
		case begun:
			return l7.Yes
		case i >= 1 && c.size <= len(b):
			return l7.Maybe
		}
		begun = begun || c.kind == wireFormatInfo
		b = b[min(c.size, len(b)):]
	}
	return l7.NeedMore
}

// mayCome reports whether a command may come from this side. Brokers that are
// connected to each other are client and server, too.
func mayCome(kind byte, dir l7.Dir) bool {
	switch {
	case kind >= 3 && kind <= 6, kind == 20, kind == messageAck, kind >= firstMessage && kind <= lastMessage:
		return dir == l7.ToServer
	case kind == connectionError, kind == 19, kind == messageDispatch, kind >= response && kind <= lastResponse:
		return dir == l7.ToClient
	}
	return true
}
