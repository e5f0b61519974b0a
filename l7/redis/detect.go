package redis

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// detect looks at the first command or reply. An array of strings that begins
// with a known command is a request and nothing else; a reply is certain where
// its form is. Lines of words, +OK and -ERR are found in other text protocols,
// too: they wait for what the other side says.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if len(b) == 0 {
		return l7.NeedMore
	}
	if dir == l7.ToServer {
		if b[0] == '*' {
			return detectArray(b)
		}
		return detectInline(b)
	}
	return detectReply(b)
}

// detectArray judges a command that is an array.
func detectArray(b []byte) l7.Verdict {
	n, at, o := number(b, 1)
	if o == good && (n <= 0 || n > 1<<20) {
		o = bad
	}
	if o != good {
		return verdict(o)
	}
	v := l7.Maybe
	for i := range min(n, 4) {
		size, next, o := bulk(b, at)
		if o == more && i > 1 {
			return v
		}
		if o != good {
			return verdict(o)
		}
		if i == 0 {
			if size == 0 || size > longest {
				return l7.No
			}
			if int64(len(b)-next) < size {
				return l7.NeedMore
			}
			name := b[next : int64(next)+size]
			if !word(name) {
				return l7.No
			}
			var c command
			if c.begin(name, size); c.listed {
				v = l7.Yes
			}
		}
		if int64(len(b)-next) < size+2 {
			if i == 0 {
				return l7.NeedMore
			}
			return v
		}
		if at, o = expect(b, next+int(size)); o != good {
			return verdict(o)
		}
	}
	return v
}

func verdict(o outcome) l7.Verdict {
	if o == more {
		return l7.NeedMore
	}
	return l7.No
}

// maxInline bounds the lines of words that detection takes for a command.
const maxInline = 512

// detectInline judges a line of words. One line alone never decides: it may be
// of any protocol that talks in lines; two known commands in a row are plausible.
func detectInline(b []byte) l7.Verdict {
	known := 0
	for lines := 0; lines < 8 && len(b) > 0; lines++ {
		var c command
		line := b[:min(len(b), maxInline)]
		i := bytes.IndexByte(line, '\n')
		if l := b[0] | 0x20; l < 'a' || l > 'z' {
			return l7.No
		}
		if i < 0 {
			if len(b) >= maxInline || !printable(line) {
				return l7.No
			}
			break
		}
		if !printable(bytes.TrimSuffix(line[:i], []byte{'\r'})) || bytes.Contains(line[:i], []byte(" HTTP/")) {
			return l7.No
		}
		if _, o := c.readInline(b[:i+1]); o != good {
			return l7.No
		}
		if c.listed && line[0] >= 'A' && line[0] <= 'Z' {
			known++
		}
		b = b[i+1:]
	}
	if known > 1 {
		return l7.Maybe
	}
	return l7.NeedMore
}

// printable reports whether a line is ASCII text.
func printable(line []byte) bool {
	for _, c := range line {
		if c != '\t' && c != '\r' && (c < ' ' || c >= 0x7f) {
			return false
		}
	}
	return true
}

// certain are simple strings and error prefixes that no other protocol has.
var certain = [...]string{
	"+PONG\r\n", "+QUEUED\r\n", "+FULLRESYNC ", "+Background saving", "-NOAUTH ", "-WRONGTYPE ", "-MOVED ", "-ASK ", "-NOSCRIPT ",
	"-BUSYGROUP ", "-LOADING ", "-READONLY ", "-OOM ", "-EXECABORT ", "-WRONGPASS ", "-NOPERM ", "-CLUSTERDOWN ", "-MASTERDOWN ",
	"-NOGROUP ", "-CROSSSLOT ", "-TRYAGAIN ", "-ERR unknown command", "-ERR wrong number of arguments for '", "-DENIED Redis",
}

// detectReply judges what a server says.
func detectReply(b []byte) l7.Verdict {
	for range 8 {
		if len(b) == 0 {
			return l7.NeedMore
		}
		e, o := readElement(b)
		if o == bad || o == more && !begun(b) {
			return l7.No
		}
		if b[0] == '+' || b[0] == '-' {
			for _, s := range certain {
				if bytes.HasPrefix(b, []byte(s)) {
					return l7.Yes
				}
			}
		}
		if o == more {
			return l7.NeedMore
		}
		switch e.kind {
		case '$', '=', '!':
			return detectBulk(b, &e)
		case '*', '~', '%', '>', '|':
			return detectAggregate(b, &e)
		case '.', ';':
			return l7.No
		case ':', '#', '_':
			if len(b) == e.head {
				return l7.Maybe
			}
		case '+', '-':
			if !printable(b[:e.head-2]) {
				return l7.No
			}
		}
		b = b[e.head:]
	}
	return l7.NeedMore
}

// begun reports whether b may be the beginning of an element's head.
func begun(b []byte) bool {
	if b[0] == '+' || b[0] == '-' {
		return printable(b)
	}
	return len(b) < 24
}

// detectBulk judges a string with its length.
func detectBulk(b []byte, e *element) l7.Verdict {
	if e.body == 0 {
		return l7.Yes // $-1: null
	}
	end := int64(e.head) + e.body
	if int64(len(b)) < end {
		if e.body > 2 && len(b) > e.head {
			return l7.Maybe
		}
		return l7.NeedMore
	}
	if string(b[end-2:end]) != "\r\n" {
		return l7.No
	}
	return l7.Yes
}

// detectAggregate judges an aggregate by its first elements. Strings alone may
// as well be a command.
func detectAggregate(b []byte, e *element) l7.Verdict {
	if e.children == 0 {
		return l7.Maybe
	}
	if e.kind != '*' {
		c, o := readElement(b[e.head:])
		if o == good && c.kind != '.' && c.kind != ';' {
			return l7.Yes
		}
		return verdict(o)
	}
	at := int64(e.head)
	for i := int64(0); i < min(e.children, 8) && at < int64(len(b)); i++ {
		c, o := readElement(b[at:])
		switch {
		case o == bad:
			return l7.No
		case o == more && i == 0:
			return l7.NeedMore
		case o == more:
			return l7.Maybe
		case c.kind != '$' || c.body == 0:
			return l7.Yes
		}
		at += int64(c.head) + c.body
	}
	return l7.Maybe
}
