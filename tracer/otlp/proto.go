package otlp

import (
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/wirespan/wirespan/tracer/span"
)

const (
	// prefixRoom is the longest attribute prefix that is copied in one go.
	prefixRoom = 48
	// shortText is the longest string whose lengths are one byte each: prefix,
	// three bytes of headers and the string stay below 128.
	shortText = 127 - prefixRoom - 3
	// attrRoom is what an attribute of the short form may touch.
	attrRoom = 128 + 16
	// spanRoom is what a span's fixed fields take, name not counted.
	spanRoom = 128
)

// prefix is what precedes an attribute's value: the tag of attributes, a byte
// for the length of the KeyValue, the key, the tag of value. n is 0 when it
// does not fit.
type prefix struct {
	n int
	b [prefixRoom]byte
	_ [8]byte // a power of two is quicker to index
}

// Encoder turns spans into protobuf. It is for one goroutine.
type Encoder struct {
	batch
	keys     *span.Keys
	prefixes []prefix
	constant []byte // constant attributes of the resource
	scope    []byte // field ScopeSpans.scope
	scratch  []byte
	valid    []byte
	head     func(*span.Span) []byte
}

// NewEncoder returns an Encoder; only c.Version and c.Resource matter to it.
func NewEncoder(keys *span.Keys, c Config) *Encoder {
	e := &Encoder{keys: keys, prefixes: make([]prefix, keys.Len())}
	for i := range e.prefixes {
		p, name := &e.prefixes[i], keys.Name(span.Key(i))
		if n := 2 + 2 + len(name) + 1; n <= prefixRoom {
			p.n = n
			copy(p.b[:], []byte{tagAttr, byte(n - 2), tagKey, byte(len(name))})
			copy(p.b[4:], name)
			p.b[n-1] = tagValue
		}
	}
	for _, a := range c.Resource {
		e.constant = appendStringValue(e.constant, tagResourceAttr, a.Key, []byte(a.Value))
	}
	scope := appendField(nil, tagScopeName, Scope)
	if c.Version != "" {
		scope = appendField(scope, tagScopeVersion, c.Version)
	}
	e.scope = appendField(nil, tagScope, scope)
	e.head = e.encodeResource
	return e
}

// encodeResource returns the field ResourceSpans.resource.
func (e *Encoder) encodeResource(s *span.Span) []byte {
	var r []byte
	if len(s.Service) > 0 {
		r = appendStringValue(r, tagResourceAttr, "service.name", appendValid(nil, s.Service))
	}
	if len(s.Instance) > 0 {
		r = appendStringValue(r, tagResourceAttr, "service.instance.id", appendValid(nil, s.Instance))
	}
	for at := range s.Resource.All {
		if int(at.Key) < e.keys.Len() {
			r = appendResourceAttr(r, e.keys.Name(at.Key), at)
		}
	}
	return appendField(nil, tagResource, append(r, e.constant...))
}

// appendResourceAttr adds an attribute of a resource: an integer, or text.
func appendResourceAttr(r []byte, name string, at span.Attr) []byte {
	if at.Type == span.TypeInt {
		var v [32]byte
		n := putInt(v[:], uint64(at.Num))
		return appendKeyValue(r, tagResourceAttr, name, v[1:n])
	}
	return appendStringValue(r, tagResourceAttr, name, appendValid(nil, at.AppendText(nil)))
}

// Encode adds one message with these spans to dst and leaves the Encoder empty.
// Spans added before and not yet taken are in it, too.
func (e *Encoder) Encode(dst []byte, spans []span.Span) []byte {
	for i := range spans {
		e.Add(&spans[i])
	}
	dst = e.AppendTo(dst)
	e.Reset()
	return dst
}

// AppendTo adds the message with all spans since the last Reset.
func (e *Encoder) AppendTo(dst []byte) []byte {
	for _, at := range e.order {
		r := &e.known.list[at]
		scope := len(e.scope) + r.bytes
		n := len(r.head) + sizeField(scope)
		dst = slices.Grow(dst, sizeField(n))
		dst = appendHeader(dst, tagResourceSpans, n)
		dst = append(dst, r.head...)
		dst = appendHeader(dst, tagScopeSpans, scope)
		dst = append(dst, e.scope...)
		dst = e.appendSpans(dst, r)
	}
	return dst
}

// Add encodes one span; nothing of it is kept.
func (e *Encoder) Add(s *span.Span) {
	at := e.known.find(s, e.head)
	from := len(e.body)
	e.body = slices.Grow(e.body, spanRoom+len(s.Name))
	e.body = append(e.body, tagSpan, 0, 0)
	e.body = e.appendStart(e.body, s)
	unknown := e.appendAttrs(s.Attrs)
	e.body = e.appendEnd(e.body, s, unknown)
	e.body = closeSpan(e.body, from)
	e.add(at, from, len(e.body))
}

// closeSpan writes the length, for which two bytes were left.
func closeSpan(b []byte, from int) []byte {
	n := len(b) - from - 3
	if n >= 1<<7 && n < 1<<14 {
		b[from+1], b[from+2] = byte(n)|0x80, byte(n>>7)
		return b
	}
	var head [binary.MaxVarintLen64]byte
	w := binary.PutUvarint(head[:], uint64(n))
	return slices.Replace(b, from+1, from+3, head[:w]...)
}

// appendStart adds what precedes the attributes.
func (e *Encoder) appendStart(b []byte, s *span.Span) []byte {
	b = append(b, tagTraceID, 16)
	b = append(b, s.Trace[:]...)
	b = append(b, tagSpanID, 8)
	b = append(b, s.ID[:]...)
	if !s.Parent.IsZero() {
		b = append(b, tagParent, 8)
		b = append(b, s.Parent[:]...)
	}
	if len(s.Name) > 0 {
		b = appendField(b, tagName, e.text(s.Name))
	}
	if s.Kind != 0 {
		b = append(b, tagKind, byte(s.Kind))
	}
	if s.Start != 0 {
		b = binary.LittleEndian.AppendUint64(append(b, tagStart), uint64(s.Start))
	}
	if s.End != 0 {
		b = binary.LittleEndian.AppendUint64(append(b, tagEnd), uint64(s.End))
	}
	return b
}

// appendEnd adds what follows the attributes.
func (e *Encoder) appendEnd(b []byte, s *span.Span, unknown int) []byte {
	if unknown > 0 {
		b = binary.AppendUvarint(append(b, tagUnknown), uint64(unknown))
	}
	for i := range s.Links {
		l := &s.Links[i]
		v := append(e.scratch[:0], tagLinkTrace, 16)
		v = append(v, l.Trace[:]...)
		v = append(v, tagLinkSpan, 8)
		v = append(v, l.ID[:]...)
		if l.Rule != "" {
			v = appendField(v, tagLinkAttr, e.ruleValue(l.Rule))
		}
		v = append(v, tagLinkAttr, byte(2+len(confidence)+2+9), tagKey, byte(len(confidence)))
		v = append(v, confidence...)
		v = append(v, tagValue, 9, tagDouble)
		v = binary.LittleEndian.AppendUint64(v, math.Float64bits(l.Confidence))
		e.scratch = v
		b = appendField(b, tagLink, v)
	}
	if s.Status != span.Unset {
		b = append(b, tagStatus, 2, tagStatusCode, byte(s.Status))
	}
	return b
}

// Attribute names of span links.
const (
	rule       = "wirespan.link.rule"
	confidence = "wirespan.link.confidence"
)

// ruleValue returns the KeyValue of a link's rule.
func (e *Encoder) ruleValue(r string) []byte {
	e.valid = append(e.valid[:0], r...)
	if !utf8.Valid(e.valid) {
		e.valid = appendValid(e.valid[:0], []byte(r))
	}
	n := len(e.valid)
	e.valid = appendField(e.valid, tagKey, rule)
	e.valid = appendHeader(e.valid, tagValue, sizeField(n))
	e.valid = appendField(e.valid, tagString, e.valid[:n])
	return e.valid[n:]
}

// text returns v, or a valid copy of it in a buffer of the Encoder.
func (e *Encoder) text(v []byte) []byte {
	if utf8.Valid(v) {
		return v
	}
	e.valid = appendValid(e.valid[:0], v)
	return e.valid
}
