package otlp

// maxKeptBody is how much room a batch keeps when it is emptied.
const maxKeptBody = 16 << 20

// part is one encoded span in the body of a batch.
type part struct {
	from, to int
	next     int32 // of the same resource, -1 at the end
}

// batch collects encoded spans until they become one message.
type batch struct {
	body    []byte
	parts   []part
	order   []int32 // resources by first appearance
	known   resources
	message uint32
}

// add puts the span that is body[from:to] behind the others of its resource.
func (b *batch) add(at int32, from, to int) {
	n := int32(len(b.parts))
	b.parts = append(b.parts, part{from, to, -1})
	r := &b.known.list[at]
	if r.message != b.message+1 {
		r.message, r.first, r.bytes = b.message+1, n, 0
		b.order = append(b.order, at)
	} else {
		b.parts[r.last].next = n
	}
	r.last = n
	r.bytes += to - from
}

// appendSpans adds the spans of a resource, neighbours in one piece.
func (b *batch) appendSpans(dst []byte, r *resource) []byte {
	for i := r.first; i >= 0; {
		p := b.parts[i]
		from, to := p.from, p.to
		for i = p.next; i >= 0 && b.parts[i].from == to; i = b.parts[i].next {
			to = b.parts[i].to
		}
		dst = append(dst, b.body[from:to]...)
	}
	return dst
}

// Spans is the number of spans added since the last Reset.
func (b *batch) Spans() int { return len(b.parts) }

// Size is the number of bytes they take, without resources.
func (b *batch) Size() int { return len(b.body) }

// Reset forgets the spans and keeps the buffers.
func (b *batch) Reset() {
	b.message++
	b.parts, b.order = b.parts[:0], b.order[:0]
	if b.body = b.body[:0]; cap(b.body) > maxKeptBody {
		b.body = nil
	}
	b.known.trim()
}
