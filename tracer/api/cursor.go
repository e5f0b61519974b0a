package api

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/tracer/store"
)

// maxTies bounds the spans of one start that a cursor can tell apart. Clocks of
// milliseconds give many spans the same start.
const maxTies = 512

const cursorVersion = 1

// cursor is where a search goes on: at spans that begin at start or earlier, less
// those that begin at start and were there before.
type cursor struct {
	start int64
	ties  []uint64 // mark of each span of start that was there
	over  int      // spans of start that could not be kept apart
}

// first is the cursor of a search that begins.
func first() cursor { return cursor{start: math.MaxInt64} }

// markOf tells a span apart from others of the same start.
func markOf(s *store.Span) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(s.ID[:])
	_, _ = d.WriteString(s.Agent)
	_, _ = d.Write([]byte{0, byte(s.Signal)})
	_, _ = d.WriteString(s.Service)
	return d.Sum64()
}

// seen reports spans that were there before.
func (c *cursor) seen(start int64, mark uint64) bool {
	if start != c.start {
		return start > c.start
	}
	for _, m := range c.ties {
		if m == mark {
			return true
		}
	}
	return false
}

// pass notes a span, which begins at start or earlier.
func (c *cursor) pass(start int64, mark uint64) {
	if start != c.start {
		*c = cursor{start: start, ties: c.ties[:0]}
	}
	if len(c.ties) == maxTies {
		c.over++
		return
	}
	c.ties = append(c.ties, mark)
}

// narrow leaves out what was there before, but for ties.
func (c *cursor) narrow(w store.Window) store.Window {
	if c.start != math.MaxInt64 && (w.To == 0 || c.start+1 < w.To) {
		w.To = max(c.start+1, 1)
	}
	return w
}

// String is the cursor in a URL. If it cannot tell all spans of its start apart
// it goes on before them; over says how many there were.
func (c *cursor) String() string {
	b := []byte{cursorVersion}
	if c.over > 0 {
		b = binary.AppendVarint(b, c.start-1)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	b = binary.AppendVarint(b, c.start)
	for _, m := range c.ties {
		b = binary.BigEndian.AppendUint64(b, m)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads a cursor; an empty one is the beginning.
func parseCursor(s string) (cursor, bool) {
	if s == "" {
		return first(), true
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 2 || b[0] != cursorVersion {
		return cursor{}, false
	}
	start, n := binary.Varint(b[1:])
	if n <= 0 || start == math.MaxInt64 {
		return cursor{}, false
	}
	b = b[1+n:]
	if len(b)%8 != 0 || len(b)/8 > maxTies {
		return cursor{}, false
	}
	c := cursor{start: start}
	for ; len(b) > 0; b = b[8:] {
		c.ties = append(c.ties, binary.BigEndian.Uint64(b))
	}
	return c, true
}
