package redis

// Bounds of the part of a command that is read; the rest is counted and skipped.
const (
	maxArgs = 12      // arguments that are looked at, the command included
	maxHead = 1 << 10 // arguments that begin behind it are not looked at
	maxKey  = 512     // bytes of a key that are shown
)

// arg is an argument as far as it is known, borrowed from the input.
type arg struct {
	text []byte // its first bytes; nil if they were not looked at
	size int64
	show bool // no secret
}

// command is the head of a command.
type command struct {
	args   [maxArgs]arg
	n      int // arguments in all, the command included
	known  int // of args
	read   int // arguments whose head was read
	shape  shape
	listed bool // the command is in the table
	op     [longest]byte
	opLen  int
	from   int // first key of numbered commands and of XREAD, 0 while unknown
	keys   int // their number
}

// reset makes room for a command of n arguments.
func (c *command) reset(n int) {
	c.n, c.known, c.read, c.from, c.keys, c.opLen = n, 0, 0, 0, 0, 0
	c.shape, c.listed = shape{}, false
}

// name is the command in upper case.
func (c *command) name() []byte { return c.op[:c.opLen] }

// is reports whether the command has this name.
func (c *command) is(name string) bool { return string(c.op[:c.opLen]) == name }

// readArray reads the head of a command that is an array of bulk strings: all
// arguments that end within maxHead and what is wanted of the next. at is the
// place behind, skip the size of the argument there.
func (c *command) readArray(b []byte) (at int, skip int64, o outcome) {
	n, at, o := number(b, 1)
	if o != good {
		return 0, 0, o
	}
	if n > 1<<31-1 {
		return 0, 0, bad
	}
	c.reset(int(max(n, 0)))
	for i := 0; i < c.n && at <= maxHead; i++ {
		size, next, o := bulk(b, at)
		if o != good {
			return 0, 0, o
		}
		end := int64(next) + size
		take := 0
		if i < maxArgs {
			take = int(min(size, int64(c.wanted(i))))
		}
		if len(b) < next+take || end+2 <= maxHead && int64(len(b)) < end+2 {
			return 0, 0, more
		}
		if i < maxArgs {
			c.args[i] = arg{text: b[next : next+take], size: size}
			if !c.follow(i) {
				return 0, 0, bad
			}
		}
		c.read = i + 1
		if end+2 > maxHead {
			return next, size, good
		}
		if at, o = expect(b, int(end)); o != good {
			return 0, 0, o
		}
	}
	return at, 0, good
}

// bulk reads the head of a bulk string.
func bulk(b []byte, at int) (size int64, next int, o outcome) {
	if at >= len(b) {
		return 0, 0, more
	}
	if b[at] != '$' {
		return 0, 0, bad
	}
	size, next, o = number(b, at+1)
	if o == good && size < 0 {
		return 0, 0, bad
	}
	return size, next, o
}

// wanted says how many bytes of argument i are looked at.
func (c *command) wanted(i int) int {
	s := &c.shape
	switch {
	case i == 0:
		return maxKey
	case s.isKey(i, c.n), c.from > 0 && i >= c.from && i < c.from+c.keys:
		return maxKey
	case s.flags&publishes != 0 && i == int(s.first)+1:
		return digestBytes
	case s.flags&container != 0 && i <= 2, s.flags&numbered != 0 && i <= 2, s.kind == reads && c.from == 0:
		return 64
	case s.kind == selects && i == 1, i == 1 && c.is("HELLO"):
		return 64
	}
	return 0
}

// follow draws conclusions from argument i; false if no command is like that.
func (c *command) follow(i int) bool {
	a := &c.args[i]
	c.known = i + 1
	switch {
	case i == 0:
		a.show = true
		return c.begin(a.text, a.size)
	case c.shape.flags&numbered != 0:
		if i == 1 {
			a.show = !c.is("EVAL") && !c.is("EVAL_RO") // a script may hold anything
		}
		if i == 2 {
			n, ok := smallNumber(a.text)
			a.show = ok
			c.from, c.keys = 3, n
		}
	case c.shape.kind == reads && c.from == 0:
		a.show = true
		if foldEqual(a.text, "STREAMS") {
			c.from, c.keys = i+1, (c.n-i-1)/2
		}
	case c.shape.flags&container != 0 && i == 1:
		a.show = word(a.text) && a.size <= longest
	case c.shape.flags&container != 0 && i == 2 && c.shape.first == 0:
		a.show = c.is("CONFIG") || c.is("CLIENT") && foldEqual(c.args[1].text, "REPLY")
	case c.shape.kind == selects, c.is("HELLO"):
		_, a.show = smallNumber(a.text)
	}
	if c.wanted(i) == maxKey {
		a.show = true
	}
	return true
}

// begin takes the name of a command.
func (c *command) begin(name []byte, size int64) bool {
	if size == 0 || size > maxKey {
		return false
	}
	c.opLen = 0
	for _, ch := range name[:min(len(name), longest)] {
		if ch <= ' ' || ch >= 0x7f {
			return false
		}
		if ch >= 'a' && ch <= 'z' {
			ch -= 'a' - 'A'
		}
		c.op[c.opLen] = ch
		c.opLen++
	}
	c.shape, c.listed = lookup(c.name())
	return true
}

// smallNumber reads a number of up to four digits.
func smallNumber(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 4 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// word reports whether b is made of letters, digits, -, _ and |.
func word(b []byte) bool {
	for _, c := range b {
		if l := c | 0x20; (l < 'a' || l > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '|' && c != '.' {
			return false
		}
	}
	return len(b) > 0
}

// foldEqual compares without regard to case; upper is in upper case.
func foldEqual(b []byte, upper string) bool {
	if len(b) != len(upper) {
		return false
	}
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != upper[i] {
			return false
		}
	}
	return true
}
