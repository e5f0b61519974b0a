package block

import (
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// strings is the type of a column of lists that have texts only, beside store.Type.
const strings = store.NumTypes

// Fields of a span that are texts.
const (
	service = iota
	instance
	agent
	name
	message
	state
	scope
	numTexts
)

// Columns are the spans of a block. They must not be written to.
type Columns struct {
	Traces  []span.TraceID
	IDs     []span.SpanID
	Parents []span.SpanID
	Starts  []int64 // ns since 1970
	Ends    []int64

	kinds, statuses, signals []uint8
	texts                    [numTexts][]uint32 // ids of texts
	shapes, resources        []uint32           // of each span

	shapeEnd  []uint32 // shape i has shapeCols[shapeEnd[i-1]:shapeEnd[i]]
	shapeCols []uint32
	cols      []column

	extraLen []uint32 // of events and links of each span, in extra
	extra    []byte

	all     string // the texts, one behind the other
	textEnd []uint32

	marks *marks
}

// column holds the values of one attribute, in the order of the spans that have it.
type column struct {
	key  uint32 // text
	kind store.Type
	nums []int64  // Bool, Int, Double: the value; strings: elements; Bytes, Array, Map: bytes in blob
	ids  []uint32 // String, strings: texts
	blob []byte
	text string // in place of blob, of Bytes that are to be read: it is lent
}

// copyBytes makes texts of values that are bytes, once for all that are read.
func (c *Columns) copyBytes() {
	for i := range c.cols {
		if col := &c.cols[i]; col.kind == store.Bytes && col.blob != nil {
			col.text, col.blob = string(col.blob), nil
		}
	}
}

// Len is the number of spans.
func (c *Columns) Len() int { return len(c.Starts) }

// Status is that of a span.
func (c *Columns) Status(row int) span.Status { return span.Status(c.statuses[row]) }

// Service is that of a span. The text belongs to the block.
func (c *Columns) Service(row int) string { return c.text(c.texts[service][row]) }

// Name is that of a span. The text belongs to the block.
func (c *Columns) Name(row int) string { return c.text(c.texts[name][row]) }

// Size estimates the memory of a decoded block in bytes.
func (c *Columns) Size() int64 {
	n := len(c.Starts)*(16+8+8+8+8+3+4*numTexts+12) + len(c.all) + 4*len(c.textEnd) + 4*len(c.shapeCols) + len(c.extra)
	for i := range c.cols {
		col := &c.cols[i]
		n += 96 + 8*len(col.nums) + 4*len(col.ids) + len(col.blob) + len(col.text)
	}
	return int64(n)
}

func (c *Columns) text(id uint32) string {
	from := uint32(0)
	if id > 0 {
		from = c.textEnd[id-1]
	}
	return c.all[from:c.textEnd[id]]
}

func (c *Columns) shape(id uint32) []uint32 {
	from := uint32(0)
	if id > 0 {
		from = c.shapeEnd[id-1]
	}
	return c.shapeCols[from:c.shapeEnd[id]]
}
