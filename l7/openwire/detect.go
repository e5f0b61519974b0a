package openwire

import "github.com/wirespan/wirespan/l7"

// detect looks at the first commands. A WireFormatInfo is certain, together with
// a command that shows whose it is; so is such a command that its schema fits to
// the last byte. Otherwise connections whose beginning was not captured are
// plausible when two commands follow each other.
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
		case begun && (tells(c.kind) || i > maxSilent):
			if c.size > len(b) && len(b) < enough {
				return l7.NeedMore
			}
			return l7.Yes
		case !begun && tells(c.kind) && fitting(&c, b):
			return l7.Yes
		case !begun && i >= 1 && c.size <= len(b):
			return l7.Maybe
		}
		begun = begun || c.kind == wireFormatInfo
		b = b[min(c.size, len(b)):]
	}
	return l7.NeedMore
}

// maxSilent is how many commands may follow a WireFormatInfo that do not show
// whose they are.
const maxSilent = 3

// enough bytes of a command are as good as all of it.
const enough = 512

// tells reports whether a command comes from one side only.
func tells(kind byte) bool { return mayCome(kind, l7.ToServer) != mayCome(kind, l7.ToClient) }

// mayCome reports whether a command may come from this side. Brokers that are
// connected to each other are client and server, too.
func mayCome(kind byte, dir l7.Dir) bool {
	switch {
	case kind >= connectionInfo && kind <= producerInfo, kind == messagePull, kind == messageAck, isMessage(kind):
		return dir == l7.ToServer
	case kind == connectionError, kind == producerAck, kind == messageDispatch, isResponse(kind):
		return dir == l7.ToClient
	}
	return true
}

// telling is how many bytes of a command say enough if its schema fits them.
const telling = 32

// fitting reports whether a command is all there and fits its schema in one of
// the formats.
func fitting(c *command, b []byte) bool {
	if c.size < telling || c.size > len(b) {
		return false
	}
	w := walker{f: &facts{}, cache: &cache{}, match: nobody{}, dry: true}
	for i := numGuesses - 1; i >= 0; i-- {
		if !w.begin(c, b, guessed(i), int64(c.size)) {
			return false
		}
		if _, v := w.walk(b[c.head:c.size]); v == done && w.exact() {
			return true
		}
		w.f.reset()
	}
	return false
}

// nobody matches no name.
type nobody struct{}

func (nobody) Match([]byte) l7.IDClass { return l7.IDNone }
