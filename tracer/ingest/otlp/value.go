package otlp

import (
	"math"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/fields"
	"github.com/wirespan/wirespan/tracer/store"
)

// attr reads a KeyValue into a list.
func (d *decoder) attr(a *batch.Attrs, message string) { d.deepAttr(a, message, d.b.Limits().Depth) }

// plain reads what most attributes are: a key, then a string, each with a length of one
// byte. Anything else is left to the general way.
func plain(message string) (key, text string, ok bool) {
	if len(message) < 6 || message[0] != tagKey || message[1] >= 0x80 {
		return "", "", false
	}
	n := int(message[1])
	if len(message) < 6+n {
		return "", "", false
	}
	value := message[2+n:]
	if value[0] != tagValue || value[1] >= 0x80 || len(value) != 2+int(value[1]) || value[2] != tagString || value[3] >= 0x80 || len(value) != 4+int(value[3]) {
		return "", "", false
	}
	return message[2 : 2+n], value[4:], true
}

func (d *decoder) deepAttr(a *batch.Attrs, message string, depth int) {
	if key, text, ok := plain(message); ok {
		a.Add(d.b.Text(key), store.StringValue(d.b.Text(text)))
		return
	}
	var key string
	var v store.Value
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case tagKey:
			key = d.b.Text(r.Str)
		case tagValue:
			v = d.value(v, r.Str, depth)
		}
	}
	d.check(&r)
	a.Add(key, v)
}

// value reads an AnyValue over v, which is empty unless the value comes in pieces. Of
// several kinds of value the last one counts; lists and maps in pieces are put together
// (both as protobuf merges messages).
func (d *decoder) value(v store.Value, message string, depth int) store.Value {
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case tagString:
			v = store.StringValue(d.b.Text(r.Str))
		case tagBool:
			v = store.BoolValue(r.Num != 0)
		case tagInt:
			v = store.IntValue(int64(r.Num))
		case tagDouble:
			v = store.DoubleValue(math.Float64frombits(r.Num))
		case tagBytes:
			v = store.BytesValue(r.Str)
		case tagIndex:
			v = store.Value{}
		case tagArray, tagMap:
			if depth == 0 {
				d.b.Dropped++
				v = store.Value{}
				d.validate(r.Str)
				continue
			}
			if r.Tag == tagArray {
				v = d.list(v, r.Str, depth-1)
			} else {
				v = d.keyValues(v, r.Str, depth-1)
			}
		}
	}
	d.check(&r)
	return v
}

// list reads an ArrayValue, behind the elements of v.
func (d *decoder) list(v store.Value, message string, depth int) store.Value {
	list := d.b.Values()
	if v.Type == store.Array {
		for _, e := range v.List {
			list.Add(e)
		}
	}
	r := fields.New(message)
	for r.Next() {
		if r.Tag == tagElement {
			list.Add(d.value(store.Value{}, r.Str, depth))
		}
	}
	d.check(&r)
	return store.Value{Type: store.Array, List: list.List()}
}

// keyValues reads a KeyValueList, behind the attributes of v.
func (d *decoder) keyValues(v store.Value, message string, depth int) store.Value {
	a := d.b.Attrs()
	if v.Type == store.Map {
		for _, at := range v.Map {
			a.Add(at.Key, at.Value)
		}
	}
	r := fields.New(message)
	for r.Next() {
		if r.Tag == tagElement {
			d.deepAttr(&a, r.Str, depth)
		}
	}
	d.check(&r)
	return store.Value{Type: store.Map, Map: a.List()}
}
