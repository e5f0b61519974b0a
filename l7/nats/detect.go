package nats

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// detect looks at the first line. INFO and CONNECT with a JSON object are
// certain, and so is a message whose payload ends where its size says. SUB and
// UNSUB are plausible; PING, PONG, +OK and -ERR are of other protocols, too.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	for len(b) > 0 {
		if b[0] == '\r' || b[0] == '\n' {
			return l7.No
		}
		if n := min(len(b), 6); dir == l7.ToClient && n == 6 && bytes.EqualFold(b[:6], []byte("INFO {")) {
			return l7.Yes
		}
		if dir == l7.ToServer && len(b) >= 9 && bytes.EqualFold(b[:9], []byte("CONNECT {")) {
			return l7.Yes
		}
		l, o := readLine(b)
		switch {
		case o == more:
			return l7.NeedMore
		case o == bad || !l.verb.mayCome(dir):
			return l7.No
		}
		switch l.verb {
		case pub, hpub, msg, hmsg:
			if end := l.end + l.size; len(b) >= end+2 {
				if string(b[end:end+2]) != "\r\n" {
					return l7.No
				}
				return l7.Yes
			}
			if l.verb >= msg || l.headers > 0 {
				return l7.Maybe
			}
			return l7.NeedMore
		case sub, unsub:
			return l7.Maybe
		}
		b = b[l.end:]
	}
	return l7.NeedMore
}
