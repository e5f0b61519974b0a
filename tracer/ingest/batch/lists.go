package batch

import "github.com/wirespan/wirespan/tracer/store"

// Attrs collects a list of attributes, each key once: what comes later under the same
// key replaces what came before, in its place. Lists may stand within others; the
// inner one must be taken first.
type Attrs struct {
	b      *Batch
	height int
	seen   uint64 // one bit of 64 per key, so that most keys need no look at the others
}

// Attrs begins a list.
func (b *Batch) Attrs() Attrs { return Attrs{b: b, height: len(b.attrs.stack)} }

// Add adds an attribute. The key is valid UTF-8.
func (a *Attrs) Add(key string, v store.Value) {
	if key == "" {
		a.b.Dropped++
		return
	}
	bit := uint64(1) << ((uint(len(key))*7 ^ uint(key[len(key)-1]) ^ uint(key[len(key)/2])<<2) & 63)
	list := a.b.attrs.stack[a.height:]
	if a.seen&bit != 0 {
		for i := range list {
			if list[i].Key == key {
				list[i].Value = v
				return
			}
		}
	}
	if len(list) >= a.b.limits.Attributes {
		a.b.Dropped++
		return
	}
	a.seen |= bit
	a.b.attrs.stack = append(a.b.attrs.stack, store.Attr{Key: key, Value: v})
}

// Text adds a string, unless it is empty.
func (a *Attrs) Text(key, v string) {
	if v != "" {
		a.Add(key, store.StringValue(v))
	}
}

// Int adds a number.
func (a *Attrs) Int(key string, v int64) { a.Add(key, store.IntValue(v)) }

// Count adds a number, unless it is 0.
func (a *Attrs) Count(key string, n uint64) {
	if n != 0 {
		a.Int(key, int64(n&(1<<63-1)))
	}
}

// Has reports whether there is an attribute of this key.
func (a *Attrs) Has(key string) bool {
	_, ok := a.Find(key)
	return ok
}

// Find returns the value of an attribute that was added.
func (a *Attrs) Find(key string) (store.Value, bool) {
	for _, at := range a.b.attrs.stack[a.height:] {
		if at.Key == key {
			return at.Value, true
		}
	}
	return store.Value{}, false
}

// Full reports whether another attribute would be dropped.
func (a *Attrs) Full() bool { return len(a.b.attrs.stack)-a.height >= a.b.limits.Attributes }

// List ends it.
func (a *Attrs) List() []store.Attr { return a.b.attrs.take(a.height) }

// Values collects the elements of a value that is a list.
type Values struct {
	b      *Batch
	height int
}

// Values begins a list.
func (b *Batch) Values() Values { return Values{b, len(b.values.stack)} }

// Add adds an element.
func (v *Values) Add(e store.Value) {
	if len(v.b.values.stack)-v.height >= v.b.limits.Elements {
		v.b.Dropped++
		return
	}
	v.b.values.stack = append(v.b.values.stack, e)
}

// List ends it.
func (v *Values) List() []store.Value { return v.b.values.take(v.height) }

// Events collects the events of a span.
type Events struct {
	b      *Batch
	height int
}

// Events begins a list.
func (b *Batch) Events() Events { return Events{b, len(b.events.stack)} }

// Add adds an event.
func (e *Events) Add(ev store.Event) {
	if len(e.b.events.stack)-e.height >= e.b.limits.Events {
		e.b.Dropped++
		return
	}
	e.b.events.stack = append(e.b.events.stack, ev)
}

// List ends it.
func (e *Events) List() []store.Event { return e.b.events.take(e.height) }

// Links collects the links of a span.
type Links struct {
	b      *Batch
	height int
}

// Links begins a list.
func (b *Batch) Links() Links { return Links{b, len(b.links.stack)} }

// Add adds a link; one without ids is dropped.
func (l *Links) Add(k store.Link) {
	if k.Trace.IsZero() || k.ID.IsZero() || len(l.b.links.stack)-l.height >= l.b.limits.Links {
		l.b.Dropped++
		return
	}
	l.b.links.stack = append(l.b.links.stack, k)
}

// List ends it.
func (l *Links) List() []store.Link { return l.b.links.take(l.height) }
