package index

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/tracer/store"
)

// Row is what is counted for itself: spans that begin in one RateStep. A row may
// count none: it says that there were spans of that service and name.
type Row struct {
	Step     int64 // beginning, ns since 1970
	Service  string
	Name     string
	Protocol string
	Signal   store.Signal
}

// Count is what is counted.
type Count struct {
	Count, Errors, Duration uint64
	Buckets                 [store.NumBuckets]uint32
}

// Add counts another's.
func (c *Count) Add(o *Count) {
	c.Count += o.Count
	c.Errors += o.Errors
	c.Duration += o.Duration
	for i, n := range o.Buckets {
		c.Buckets[i] += n
	}
}

// Span counts a span.
func (c *Count) Span(duration int64, failed bool) {
	duration = max(0, duration)
	c.Count++
	c.Duration += uint64(duration)
	c.Buckets[store.Bucket(duration)]++
	if failed {
		c.Errors++
	}
}

// Table is rows and their counts.
type Table map[Row]*Count

// Add counts for a row.
func (t Table) Add(r Row, o *Count) {
	c := t[r]
	if c == nil {
		c = &Count{}
		t[r] = c
	}
	c.Add(o)
}

// tableVersion begins an encoded part of a table.
const tableVersion = 1

// maxPart bounds the rows of one part.
const maxPart = 4096

// Parts calls put with parts of the table, in order of time. The part is borrowed.
func (t Table) Parts(put func(part []byte) error) error {
	rows := make([]Row, 0, len(t))
	for r := range t {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Signal, b.Signal))
	})
	var part []byte
	for len(rows) > 0 {
		n := min(maxPart, len(rows))
		part = t.appendPart(part[:0], rows[:n])
		if err := put(part); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (t Table) appendPart(b []byte, rows []Row) []byte {
	texts, list := map[string]int{}, []string(nil)
	id := func(s string) uint64 {
		n, ok := texts[s]
		if !ok {
			n = len(list)
			texts[s] = n
			list = append(list, s)
		}
		return uint64(n)
	}
	for _, r := range rows {
		id(r.Service)
		id(r.Name)
		id(r.Protocol)
	}
	b = append(b, tableVersion)
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b = binary.AppendUvarint(b, uint64(len(rows)))
	last := int64(0)
	for _, r := range rows {
		b = binary.AppendVarint(b, r.Step-last)
		last = r.Step
		b = binary.AppendUvarint(b, id(r.Service))
		b = binary.AppendUvarint(b, id(r.Name))
		b = binary.AppendUvarint(b, id(r.Protocol))
		b = binary.AppendUvarint(b, uint64(r.Signal))
		b = t[r].append(b)
	}
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// append writes the buckets that are not empty: a bit for each, then the counts.
func (c *Count) append(b []byte) []byte {
	b = binary.AppendUvarint(b, c.Count)
	if c.Count == 0 {
		return b
	}
	b = binary.AppendUvarint(b, c.Errors)
	b = binary.AppendUvarint(b, c.Duration)
	mask := uint64(0)
	for i, n := range c.Buckets {
		if n > 0 {
			mask |= 1 << i
		}
	}
	b = binary.AppendUvarint(b, mask)
	for _, n := range c.Buckets {
		if n > 0 {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b
}

// ReadPart yields the rows of a part.
func ReadPart(b []byte, yield func(r Row, c *Count)) error {
	if len(b) < 9 || b[0] != tableVersion || xxhash.Sum64(b[:len(b)-8]) != binary.LittleEndian.Uint64(b[len(b)-8:]) {
		return fmt.Errorf("%w: rates of %d bytes", ErrDamaged, len(b))
	}
	d := part{b: b[1 : len(b)-8]}
	var texts []string
	for n := d.count(); n > 0 && !d.bad; n-- {
		texts = append(texts, d.bytes())
	}
	text := func() string {
		n := d.count()
		if n >= uint64(len(texts)) {
			d.bad = true
			return ""
		}
		return texts[n]
	}
	last := int64(0)
	for rows := d.count(); rows > 0 && !d.bad; rows-- {
		n, k := binary.Varint(d.b)
		if k <= 0 {
			d.bad = true
			break
		}
		d.b = d.b[k:]
		last += n
		r := Row{Step: last, Service: text(), Name: text(), Protocol: text(), Signal: store.Signal(d.count())}
		c := d.counts()
		if d.bad {
			break
		}
		yield(r, &c)
	}
	if d.bad {
		return fmt.Errorf("%w: rates end early", ErrDamaged)
	}
	return nil
}

type part struct {
	b   []byte
	bad bool
}

func (d *part) count() uint64 {
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *part) bytes() string {
	n := d.count()
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *part) counts() (c Count) {
	if c.Count = d.count(); c.Count == 0 {
		return c
	}
	c.Errors, c.Duration = d.count(), d.count()
	mask := d.count()
	for i := range c.Buckets {
		if mask&(1<<i) != 0 {
			c.Buckets[i] = uint32(min(d.count(), math.MaxUint32))
		}
	}
	return c
}
