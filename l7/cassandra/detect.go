package cassandra

import (
	"bytes"
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// detect looks at the first frame, or at the header of a segment, which has a
// checksum.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) < packedHead {
		return begins(dir, b)
	}
	if s, ok := readSegment(b); ok {
		if len(b) > headLen+s.head && s.packed == 0 && s.whole {
			if _, ok := readFrame(dir == l7.ToServer, b[s.head:]); !ok {
				return l7.No
			}
		}
		return l7.Yes
	}
	if len(b) < headLen {
		if b[0]&^response < minServed || b[0]&^response > maxServed {
			return l7.No
		}
		return l7.NeedMore
	}
	f, ok := readFrame(dir == l7.ToServer, b)
	if !ok || f.op == opEvent != (f.stream == eventID) {
		return l7.No
	}
	if f.flags&flagCompressed != 0 {
		if f.size == headLen {
			return l7.No
		}
		return l7.Maybe
	}
	if f.flags&^flagTracing != 0 && f.op != opStartup {
		return l7.Maybe
	}
	return looks(&f, b[headLen:min(len(b), f.size)])
}

// begins judges a piece of a header: of a frame, or of a segment of either kind.
func begins(dir l7.Dir, b []byte) l7.Verdict {
	switch {
	case len(b) == 0:
		return l7.NeedMore
	case (b[0]&response == 0) == (dir == l7.ToServer) && b[0]&^response >= minServed && b[0]&^response <= maxServed && (len(b) < 2 || b[1]&^knownFlags == 0):
		return l7.NeedMore
	case len(b) < 3 || b[2]>>2 == 0, len(b) < 5 || b[4]>>3 == 0:
		return l7.NeedMore
	}
	return l7.No
}

// looks judges the start of a body.
func looks(f *frame, b []byte) l7.Verdict {
	size := f.size - headLen
	switch f.op {
	case opOptions, opReady:
		return yesIf(size == 0 && f.flags&flagCompressed == 0)
	case opExecute, opAuthResponse, opAuthChallenge, opAuthSuccess, opBatch:
		if size < 3 {
			return l7.No
		}
		return l7.Maybe
	}
	if size < 4 {
		return l7.No
	}
	if f.op == opResult && f.flags&flagTracing != 0 || f.op == opError && f.flags&flagTracing != 0 {
		return l7.Maybe
	}
	if len(b) < 6 && len(b) < size {
		return l7.NeedMore
	}
	n := binary.BigEndian.Uint32(b)
	switch f.op {
	case opQuery, opPrepare:
		return yesIf(int64(n)+4 <= int64(size) && n > 0 && statement(b[4:]))
	case opResult:
		return yesIf(n >= 1 && n <= 5)
	case opError:
		return yesIf(size >= 6 && len(errorName(n)) > 0)
	case opStartup:
		if len(b) < 15 && len(b) < size {
			return l7.NeedMore
		}
		return yesIf(b[0] == 0 && b[1] > 0 && b[1] < 20 && (bytes.Contains(b, []byte("CQL_VERSION")) || upper(b[4])))
	case opRegister:
		return yesIf(b[0] == 0 && b[1] > 0 && b[1] < 10 && upper(b[4]))
	case opSupported:
		return yesIf(b[0] == 0 && upper(b[4]))
	case opEvent:
		return yesIf(b[0] == 0 && upper(b[2]))
	}
	return yesIf(b[0] == 0 && b[2] > ' ' && b[2] < 0x7f) // AUTHENTICATE: the name of a class
}

// statement reports whether a text may begin so.
func statement(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	c := b[0]
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-' || c == '/'
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

func yesIf(ok bool) l7.Verdict {
	if ok {
		return l7.Yes
	}
	return l7.No
}
