package openwire

// Bounds of frames.
const (
	maxSize   = 256 << 20 // server's largest frame is 100 MiB unless it is told otherwise
	searchMax = 512       // bytes from which a head can be told
	prefix    = 4         // bytes of the size, which it does not count
	window    = 64 << 10
)

// magic begins what follows the type of a WireFormatInfo.
const magic = "ActiveMQ"

// command is the head of a command.
type command struct {
	kind     byte
	size     int // of the whole frame; 0 if it has no size in front
	id       uint32
	answered bool   // a response is required
	answers  uint32 // command that a response answers
	head     int    // bytes of the head
	tight    bool
	bits     int // flags of the head, in the tight encoding
	fields   int // of the schema that the head covers
}

// outcome of reading from bytes that may end too early.
type outcome uint8

const (
	good outcome = iota
	more
	bad
)

// readCommand reads the head of a command with its size in front. The encoding
// shows itself: in the loose one the id follows the type, whose first byte is
// zero for the first 16 million commands; in the tight one the size of the
// flags, which are never without a byte.
func readCommand(b []byte) (c command, o outcome) {
	if len(b) < prefix+1 {
		if len(b) > 0 && b[0] > maxSize>>24 {
			return c, bad
		}
		return c, more
	}
	n := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	c.size = n + prefix
	if n < 6 || n > maxSize {
		return c, bad
	}
	o = c.read(b[:min(len(b), c.size)], prefix, nil)
	if o == more && len(b) >= c.size {
		o = bad
	}
	return c, o
}

// read reads a head from its type on, which stands at a place of b. The encoding
// is the one that was agreed upon, or shows itself.
func (c *command) read(b []byte, at int, agreed *format) outcome {
	if len(b) <= at {
		return more
	}
	c.kind = b[at]
	if int(c.kind) >= len(names) || names[c.kind] == "" {
		return bad
	}
	rest := b[at+1:]
	if c.kind == wireFormatInfo {
		k := min(len(rest), len(magic))
		if string(rest[:k]) != magic[:k] {
			return bad
		}
		if k < len(magic) {
			return more
		}
		c.head = at + 1 + k
		return good
	}
	if len(rest) == 0 {
		return more
	}
	r := reader{b: rest}
	if c.tight = rest[0] != 0; agreed != nil {
		c.tight = agreed.tight
	}
	if c.tight {
		r.flags()
	}
	c.id, c.answered = uint32(r.number(4)), r.bool()
	c.fields = 2
	if isResponse(c.kind) {
		c.answers, c.fields = uint32(r.number(4)), 3
	}
	c.head, c.bits = at+1+r.n, r.at
	switch {
	case r.bad:
		return bad
	case r.short:
		return more
	}
	return good
}

// reader reads what both encodings have: flags are apart in the tight one, in
// line in the loose one.
type reader struct {
	b     []byte
	n     int // bytes read
	bits  []byte
	at    int // flags read
	tight bool
	short bool // there were not bytes enough
	bad   bool
}

// take reads n bytes, borrowed.
func (r *reader) take(n int) []byte {
	if r.short || r.bad || n < 0 {
		r.bad = r.bad || n < 0
		return nil
	}
	if n > len(r.b)-r.n {
		r.short = true
		return nil
	}
	r.n += n
	return r.b[r.n-n : r.n]
}

func (r *reader) number(n int) (v uint64) {
	for _, c := range r.take(n) {
		v = v<<8 | uint64(c)
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
	if n == 0 && !r.short {
		r.bad = true
	}
	r.bits, r.tight = r.take(int(n)), true
}

func (r *reader) bool() bool {
	if !r.tight {
		v := r.number(1)
		r.bad = r.bad || v > 1
		return v == 1
	}
	if r.short || r.bad {
		return false
	}
	if r.at >= 8*len(r.bits) {
		r.bad = true
		return false
	}
	v := r.bits[r.at/8]>>(r.at%8)&1 == 1
	r.at++
	return v
}

// long reads a number of 8 bytes; the tight encoding leaves out what is zero.
func (r *reader) long() int64 {
	if !r.tight {
		return int64(r.number(8))
	}
	wide, half := r.bool(), r.bool()
	switch {
	case wide && half:
		return int64(r.number(8))
	case wide:
		return int64(r.number(4))
	case half:
		return int64(r.number(2))
	}
	return 0
}
