package store

import "slices"

// Clone returns a span that shares nothing with s. Its slices have no room behind
// their ends, so that appending to one copies it.
func (s *Span) Clone() Span {
	c := *s
	t := textCopy{make([]byte, 0, s.textSize()), ""}
	for _, f := range [...]*string{&c.Service, &c.Instance, &c.Agent, &c.Name, &c.Message, &c.State, &c.Scope} {
		t.add(*f)
	}
	t.attrs(s.Attrs)
	t.attrs(s.Resource)
	t.all = string(t.buf)
	for _, f := range [...]*string{&c.Service, &c.Instance, &c.Agent, &c.Name, &c.Message, &c.State, &c.Scope} {
		*f = t.cut(len(*f))
	}
	c.Attrs, c.Resource = t.clone(s.Attrs), t.clone(s.Resource)
	c.Events = slices.Clip(slices.Clone(s.Events))
	for i := range c.Events {
		e := &c.Events[i]
		e.Name, e.Attrs = cloneText(e.Name), cloneAttrs(e.Attrs)
	}
	c.Links = slices.Clip(slices.Clone(s.Links))
	for i := range c.Links {
		c.Links[i].Attrs = cloneAttrs(c.Links[i].Attrs)
	}
	return c
}

// textCopy are strings that are copied into one: all are added, then cut off in the
// same order.
type textCopy struct {
	buf []byte
	all string
}

func (t *textCopy) add(s string) { t.buf = append(t.buf, s...) }

func (t *textCopy) cut(n int) (s string) {
	s, t.all = t.all[:n], t.all[n:]
	return s
}

func (t *textCopy) attrs(list []Attr) {
	for i := range list {
		t.add(list[i].Key)
		t.add(list[i].Value.Str)
	}
}

func (t *textCopy) clone(list []Attr) []Attr {
	if list == nil {
		return nil
	}
	c := make([]Attr, len(list))
	for i := range list {
		v := list[i].Value
		c[i].Key, v.Str = t.cut(len(list[i].Key)), list[i].Value.Str
		v.Str = t.cut(len(v.Str))
		c[i].Value = v.cloneNested()
	}
	return c
}

func (s *Span) textSize() int {
	n := len(s.Service) + len(s.Instance) + len(s.Agent) + len(s.Name) + len(s.Message) + len(s.State) + len(s.Scope)
	for _, list := range [...][]Attr{s.Attrs, s.Resource} {
		for i := range list {
			n += len(list[i].Key) + len(list[i].Value.Str)
		}
	}
	return n
}

func cloneText(s string) string { return string([]byte(s)) }

func cloneAttrs(list []Attr) []Attr {
	if list == nil {
		return nil
	}
	c := make([]Attr, len(list))
	for i := range list {
		c[i] = Attr{cloneText(list[i].Key), list[i].Value.clone()}
	}
	return c
}

func (v Value) clone() Value {
	v.Str = cloneText(v.Str)
	return v.cloneNested()
}

func (v Value) cloneNested() Value {
	if v.List != nil {
		list := make([]Value, len(v.List))
		for i := range list {
			list[i] = v.List[i].clone()
		}
		v.List = list
	}
	if v.Map != nil {
		v.Map = cloneAttrs(v.Map)
	}
	return v
}
