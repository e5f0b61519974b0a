package skywalking

import (
	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/fields"
)

// decoder fills a batch.
type decoder struct {
	b   *batch.Batch
	in  *Instances
	o   object
	err error
}

// Decode adds the spans of a SegmentObject to b. Texts of the spans are parts of the
// message. in may be nil.
func Decode(b *batch.Batch, message string, in *Instances) error {
	d := decoder{b: b, in: in}
	d.segment(message)
	return d.err
}

// DecodeCollection does so with a SegmentCollection.
func DecodeCollection(b *batch.Batch, message string, in *Instances) error {
	d := decoder{b: b, in: in}
	r := fields.New(message)
	for r.Next() {
		if r.Tag == 1<<3|fields.Bytes {
			d.segment(r.Str)
		}
	}
	d.check(&r)
	return d.err
}

// check keeps the first fault.
func (d *decoder) check(r *fields.Reader) {
	if err := r.Err(); err != nil && d.err == nil {
		d.err = err
	}
}

// segment reads a SegmentObject: what its spans have in common first, wherever it
// stands.
func (d *decoder) segment(message string) {
	var s segment
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case 1<<3 | fields.Bytes:
			s.trace = d.b.Text(r.Str)
		case 2<<3 | fields.Bytes:
			s.id = d.b.Text(r.Str)
		case 4<<3 | fields.Bytes:
			s.service = d.b.Text(r.Str)
		case 5<<3 | fields.Bytes:
			s.instance = d.b.Text(r.Str)
		case 6<<3 | fields.Varint:
			s.limited = r.Num != 0
		}
	}
	d.check(&r)
	res := d.resource(&s)
	r = fields.New(message)
	for r.Next() {
		if r.Tag == 3<<3|fields.Bytes {
			d.o.reset()
			d.object(r.Str)
			d.add(&s, &res)
		}
	}
}

// number is an int32 or int64 of a message.
func number(v uint64) int64 { return int64(v) }

// object reads a SpanObject.
func (d *decoder) object(message string) {
	o := &d.o
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case 1<<3 | fields.Varint:
			o.index = number(r.Num)
		case 2<<3 | fields.Varint:
			o.parent = number(r.Num)
		case 3<<3 | fields.Varint:
			o.start = number(r.Num)
		case 4<<3 | fields.Varint:
			o.end = number(r.Num)
		case 5<<3 | fields.Bytes:
			d.reference(r.Str)
		case 6<<3 | fields.Bytes:
			o.operation = d.b.Text(r.Str)
		case 7<<3 | fields.Bytes:
			o.peer = d.b.Text(r.Str)
		case 8<<3 | fields.Varint:
			o.kind = number(r.Num)
		case 9<<3 | fields.Varint:
			o.layer = number(r.Num)
		case 10<<3 | fields.Varint:
			o.component = number(r.Num)
		case 11<<3 | fields.Varint:
			o.failed = r.Num != 0
		case 12<<3 | fields.Bytes:
			d.o.tags = d.pair(d.o.tags, r.Str, d.b.Limits().Attributes)
		case 13<<3 | fields.Bytes:
			d.log(r.Str)
		case 14<<3 | fields.Varint:
			o.skip = r.Num != 0
		}
	}
	d.check(&r)
}

// pair appends a KeyStringValuePair to a list, which holds at most most.
func (d *decoder) pair(list []pair, message string, most int) []pair {
	var p pair
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case 1<<3 | fields.Bytes:
			p.key = d.b.Text(r.Str)
		case 2<<3 | fields.Bytes:
			p.value = d.b.Text(r.Str)
		}
	}
	d.check(&r)
	return d.put(list, p, most)
}

func (d *decoder) put(list []pair, p pair, most int) []pair {
	if len(list) >= most {
		d.b.Dropped++
		return list
	}
	return append(list, p)
}

// log reads a Log.
func (d *decoder) log(message string) {
	e := entry{from: len(d.o.data)}
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case 1<<3 | fields.Varint:
			e.time = number(r.Num)
		case 2<<3 | fields.Bytes:
			d.o.data = d.pair(d.o.data, r.Str, e.from+d.b.Limits().Attributes)
		}
	}
	d.check(&r)
	d.putLog(e)
}

// putLog adds a log whose data are the last of all.
func (d *decoder) putLog(e entry) {
	if len(d.o.logs) >= d.b.Limits().Events {
		d.b.Dropped++
		d.o.data = d.o.data[:e.from]
		return
	}
	e.to = len(d.o.data)
	d.o.logs = append(d.o.logs, e)
}

// reference reads a SegmentReference.
func (d *decoder) reference(message string) {
	var f reference
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case 1<<3 | fields.Varint:
			f.kind = number(r.Num)
		case 2<<3 | fields.Bytes:
			f.trace = d.b.Text(r.Str)
		case 3<<3 | fields.Bytes:
			f.segment = d.b.Text(r.Str)
		case 4<<3 | fields.Varint:
			f.index = number(r.Num)
		case 5<<3 | fields.Bytes:
			f.service = d.b.Text(r.Str)
		case 6<<3 | fields.Bytes:
			f.instance = d.b.Text(r.Str)
		case 7<<3 | fields.Bytes:
			f.endpoint = d.b.Text(r.Str)
		case 8<<3 | fields.Bytes:
			f.server = d.b.Text(r.Str)
		}
	}
	d.check(&r)
	d.putReference(f)
}

func (d *decoder) putReference(f reference) {
	if len(d.o.refs) >= d.b.Limits().Links {
		d.b.Dropped++
		return
	}
	d.o.refs = append(d.o.refs, f)
}
