package openwire

import "github.com/wirespan/wirespan/l7"

// Bounds of a walk.
const (
	maxDepth = 24
	maxFlags = 1 << 10 // bytes of the flags of a command
)

// verdict is how a step of a walk ended.
type verdict uint8

const (
	further verdict = iota
	starved         // more bytes are needed
	done            // the command is over
	broken          // these bytes are not what the schema says
)

// level is an object whose fields are being read.
type level struct {
	fields []field
	next   int
	left   int  // elements of a list that are still to come, this one included
	object byte // its type; 0 for what is none
	mean   mean // what it is to the object around it
	index  int  // where the cache is to keep it; below 0: nowhere
	mute   bool // what it says does not describe the command
	from   int32
	id     parts
}

// walker reads the fields of a command after its head, in pieces if need be.
type walker struct {
	f      *facts
	cache  *cache
	match  l7.IDMatcher
	format format
	dry    bool // nothing is remembered

	flags []byte
	at    int // flags read
	tight bool
	threw bool // there was an exception
	sum   uint64

	left  int64 // bytes of the command
	skip  int64 // bytes that the next ones are behind
	need  int
	final bool // no more bytes will come

	levels [maxDepth]level
	depth  int
	props  properties
}

// begin readies a walk behind the head of a command of size bytes, which b has. It
// is false if there are more flags than fit.
func (w *walker) begin(c *command, b []byte, f format, size int64) bool {
	w.format, w.left, w.skip, w.need = f, size-int64(c.head), 0, 0
	w.depth, w.final, w.threw, w.sum = 0, false, false, 0
	w.props.open = false
	w.flags, w.at, w.tight = w.flags[:0], c.bits, c.tight
	w.levels[0] = level{fields: schemas[c.kind], next: c.fields, left: 1, index: -1, object: c.kind}
	if !c.tight {
		return true
	}
	at := 1
	if c.size > 0 {
		at += prefix
	}
	r := reader{b: b[at:c.head]}
	r.flags()
	if len(r.bits) > maxFlags {
		return false
	}
	w.flags = append(w.flags, r.bits...)
	return true
}

// walk goes on at b and returns how many bytes it is done with. A starved walk
// has taken all that it can use: w.skip bytes behind b are to be passed over,
// or it wants w.need bytes from there on.
func (w *walker) walk(b []byte) (n int, v verdict) {
	for {
		if w.skip > 0 {
			k := min(w.skip, int64(len(b)-n))
			n += int(k)
			if w.skip -= k; w.skip > 0 {
				w.need = 0
				return n, starved
			}
		}
		k, v := w.step(b[n:])
		n += k
		if w.left -= int64(k); w.left < 0 {
			return n, broken
		}
		if v != further {
			return n, v
		}
	}
}

// exact reports whether the walk that is done used all bytes and flags of the
// command.
func (w *walker) exact() bool { return w.left == 0 && (!w.tight || (w.at+7)/8 == len(w.flags)) }

// pass skips n bytes of the command.
func (w *walker) pass(n int64) verdict {
	if n < 0 || n > w.left {
		return broken
	}
	w.left -= n
	w.skip += n
	return further
}

// want asks for n bytes.
func (w *walker) want(n int) (int, verdict) {
	if int64(n) > w.left {
		return 0, broken
	}
	w.need = n
	return 0, starved
}

// step takes one field, or what lies between fields.
func (w *walker) step(b []byte) (int, verdict) {
	if w.props.open {
		return w.property(b)
	}
	lv := &w.levels[w.depth]
	if lv.next == len(lv.fields) {
		return 0, w.leave()
	}
	f := &lv.fields[lv.next]
	if w.format.version < f.min || w.format.version > f.max {
		lv.next++
		return 0, further
	}
	r := reader{b: b, bits: w.flags, at: w.at, tight: w.tight}
	v := w.field(lv, f, &r)
	switch {
	case r.bad || v == broken:
		return 0, broken
	case r.short:
		return w.want(len(b) + 1)
	}
	w.at = r.at
	return r.n, v
}

// enter goes into an object, or into the elements of a list.
func (w *walker) enter(l level) verdict {
	if w.depth++; w.depth == maxDepth {
		w.depth--
		return broken
	}
	l.from = int32(len(w.f.text))
	w.levels[w.depth] = l
	return further
}

// leave ends an object or an element.
func (w *walker) leave() verdict {
	lv := &w.levels[w.depth]
	if lv.left--; lv.left > 0 {
		lv.next = 0
		return further
	}
	if w.depth == 0 {
		lv.left = 1 // asked again it says the same
		return done
	}
	w.depth--
	if lv.object >= firstID {
		w.object(&w.levels[w.depth], lv.mean, lv.index, w.assemble(lv))
	} else if lv.index >= 0 {
		w.object(&w.levels[w.depth], lv.mean, lv.index, value{})
	}
	if lv.mute && lv.object < firstID {
		w.f.text = w.f.text[:min(int(lv.from), len(w.f.text))]
	}
	return further
}
