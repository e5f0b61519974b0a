package stomp

import "github.com/wirespan/wirespan/l7"

// detect looks at the first frame: a line with a command alone, then headers.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	for i := 0; i < 16 && len(b) > 0 && (b[0] == '\n' || b[0] == '\r'); i++ {
		b = b[1:]
	}
	if len(b) == 0 {
		return l7.NeedMore
	}
	f, o := readFrame(b)
	switch {
	case o == more:
		if c, _, o := readCommand(b); o == good && !c.mayCome(dir) {
			return l7.No
		}
		return l7.NeedMore
	case o == bad || !f.command.mayCome(dir) || len(f.list) < 4:
		return l7.No
	}
	return l7.Yes
}
