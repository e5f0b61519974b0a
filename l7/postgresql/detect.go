package postgresql

import (
	"bytes"
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// Detect wants a start-up packet, or messages whose insides fit their lengths.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	switch {
	case len(b) == 0:
		return l7.NeedMore
	case dir == l7.ToServer && b[0] == 0:
		return detectStartup(b)
	case dir == l7.ToServer:
		return chain(&front, checkFront, b)
	case len(b) == 1 && (b[0] == 'S' || b[0] == 'N' || b[0] == 'G'): // answers to SSLRequest and GSSENCRequest
		return l7.NeedMore
	case len(b) > header && b[0] == 'N' && b[1] != 0: // refused, and goes on
		return chain(&back, checkBack, b[1:])
	}
	return chain(&back, checkBack, b)
}

// detectStartup looks at the first packet of a client (55.2.1).
func detectStartup(b []byte) l7.Verdict {
	if len(b) < 8 {
		return prefix(b)
	}
	n, code := int(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
	switch {
	case n < 8 || n > maxStartup:
		return l7.No
	case code == codeSSL || code == codeGSS:
		return certain(n == 8)
	case code == codeCancel:
		return certain(n >= 16 && n <= 12+256)
	case code>>16 != majorOurs || code&0xffff > 99:
		return l7.No
	case n == 9:
		return certain(len(b) > 8 && b[8] == 0)
	case len(b) < 12:
		return l7.NeedMore
	}
	for _, c := range b[8:12] {
		if c != '_' && (c < 'a' || c > 'z') {
			return l7.No
		}
	}
	return l7.Yes
}

func certain(ok bool) l7.Verdict {
	if ok {
		return l7.Yes
	}
	return l7.No
}

// prefix judges less than a length and a code.
func prefix(b []byte) l7.Verdict {
	if len(b) > 1 && b[1] != 0 || len(b) > 2 && b[2] > maxStartup>>8 {
		return l7.No
	}
	if len(b) > 5 && !bytes.Equal(b[4:6], []byte{0, 3}) && !bytes.Equal(b[4:6], []byte{1234 >> 8, 1234 & 0xff}) {
		return l7.No
	}
	return l7.NeedMore
}

// chain judges messages one after the other.
func chain(of *[256]sizes, check func([]byte, int) proof, b []byte) l7.Verdict {
	best, count := wrong, 0
	for len(b) > 0 {
		if of[b[0]].most == 0 || len(b) > 1 && b[1] != 0 {
			return l7.No
		}
		if len(b) < header {
			break
		}
		n, ok := size(of, b)
		if !ok {
			return l7.No
		}
		p := check(b, n)
		if p == wrong {
			return l7.No
		}
		best = max(best, p)
		count++
		b = b[min(n, len(b)):]
	}
	switch {
	case best == strong:
		return l7.Yes
	case best == part || count > 1:
		return l7.Maybe
	}
	return l7.NeedMore
}
