package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

// JSONEncoder turns spans into OTLP/JSON (OTLP specification, "JSON Protobuf
// Encoding"): names in lowerCamelCase, ids in hex, 64 bit integers as decimal
// strings, enumerations as numbers, absent for null. It is for one goroutine.
type JSONEncoder struct {
	batch
	names    []string  // of attributes: {"key":"name","value":{"
	openers  []openers // the same with what follows for common types
	constant []byte    // constant attributes of the resource, each followed by a comma
	scope    []byte    // from the end of the resource to the first span
	head     func(*span.Span) []byte
}

// NewJSONEncoder returns an encoder; only c.Version and c.Resource matter to it.
func NewJSONEncoder(keys *span.Keys, c Config) *JSONEncoder {
	e := &JSONEncoder{names: make([]string, keys.Len()), openers: make([]openers, keys.Len())}
	for i := range e.names {
		e.names[i] = string(openKeyValue(nil, keys.Name(span.Key(i))))
		e.openers[i] = newOpeners(e.names[i])
	}
	for _, a := range c.Resource {
		e.constant = appendPair(e.constant, a.Key, []byte(a.Value))
	}
	e.scope = append(e.scope, `},"scopeSpans":[{"scope":{"name":"`+Scope+`"`...)
	if c.Version != "" {
		e.scope = append(e.scope, `,"version":"`...)
		e.scope = append(appendString(e.scope, []byte(c.Version)), '"')
	}
	e.scope = append(e.scope, `},"spans":[`...)
	e.head = e.encodeResource
	return e
}

func openKeyValue(b []byte, key string) []byte {
	b = append(b, `{"key":"`...)
	b = appendString(b, []byte(key))
	return append(b, `","value":{"`...)
}

// appendPair adds a string attribute and a comma.
func appendPair(b []byte, key string, v []byte) []byte {
	return appendStringPair(openKeyValue(b, key), v)
}

func appendStringPair(b, v []byte) []byte {
	b = append(b, `stringValue":"`...)
	b = appendString(b, v)
	return append(b, `"}},`...)
}

// encodeResource returns a resource up to the first span.
func (e *JSONEncoder) encodeResource(s *span.Span) []byte {
	b := []byte(`{"resource":{`)
	if len(s.Service)+len(s.Instance)+len(s.Resource)+len(e.constant) > 0 {
		b = append(b, `"attributes":[`...)
		if len(s.Service) > 0 {
			b = appendPair(b, "service.name", s.Service)
		}
		if len(s.Instance) > 0 {
			b = appendPair(b, "service.instance.id", s.Instance)
		}
		for at := range s.Resource.All {
			if int(at.Key) < len(e.names) {
				b = appendValue(append(b, e.names[at.Key]...), &at)
			}
		}
		b = closeList(append(b, e.constant...))
	}
	return append(b, e.scope...)
}

// closeList turns the comma after the last element into the end of the list.
func closeList(b []byte) []byte {
	b[len(b)-1] = ']'
	return b
}

// Encode adds one message with these spans and a line feed to dst and leaves
// the encoder empty. Spans added before and not yet taken are in it, too.
func (e *JSONEncoder) Encode(dst []byte, spans []span.Span) []byte {
	for i := range spans {
		e.Add(&spans[i])
	}
	dst = e.AppendTo(dst)
	e.Reset()
	return dst
}

// AppendTo adds the message with all spans since the last Reset, in one line
// that ends with a line feed.
func (e *JSONEncoder) AppendTo(dst []byte) []byte {
	if len(e.order) == 0 {
		return append(dst, "{}\n"...)
	}
	dst = append(dst, `{"resourceSpans":[`...)
	for _, at := range e.order {
		r := &e.known.list[at]
		dst = slices.Grow(dst, len(r.head)+r.bytes+8)
		dst = append(dst, r.head...)
		dst = closeList(e.appendSpans(dst, r))
		dst = append(dst, `}]},`...)
	}
	return append(closeList(dst), "}\n"...)
}

// Add encodes one span and a comma; nothing of it is kept.
func (e *JSONEncoder) Add(s *span.Span) {
	at := e.known.find(s, e.head)
	from := len(e.body)
	b := append(e.body, `{"traceId":"`...)
	b = appendHex(b, s.Trace[:])
	b = append(b, `","spanId":"`...)
	b = appendHex(b, s.ID[:])
	if !s.Parent.IsZero() {
		b = append(b, `","parentSpanId":"`...)
		b = appendHex(b, s.Parent[:])
	}
	b = append(b, '"')
	if len(s.Name) > 0 {
		b = append(b, `,"name":"`...)
		b = append(appendString(b, s.Name), '"')
	}
	if s.Kind != 0 {
		b = append(b, `,"kind":`...)
		b = strconv.AppendUint(b, uint64(s.Kind), 10)
	}
	b = append(b, `,"startTimeUnixNano":"`...)
	b = strconv.AppendUint(b, uint64(s.Start), 10)
	b = append(b, `","endTimeUnixNano":"`...)
	b = append(strconv.AppendUint(b, uint64(s.End), 10), '"')
	b = e.appendAttrs(b, s.Attrs)
	b = e.appendLinks(b, s.Links)
	if s.Status != span.Unset {
		b = append(b, `,"status":{"code":`...)
		b = append(strconv.AppendUint(b, uint64(s.Status), 10), '}')
	}
	e.body = append(b, "},"...)
	e.add(at, from, len(e.body))
}

// appendAttrs adds the list of attributes and the number of those whose key
// the registry does not know.
func (e *JSONEncoder) appendAttrs(b []byte, a span.Attrs) []byte {
	start, unknown := len(b), 0
	b = append(b, `,"attributes":[`...)
	empty := len(b)
	for len(a) > 0 {
		if b, a = e.appendPlain(b, a); len(a) == 0 {
			break
		}
		var at span.Attr
		if at, a = a.Next(); int(at.Key) >= len(e.names) {
			unknown++
			continue
		}
		b = append(b, e.names[at.Key]...)
		b = appendValue(b, &at)
	}
	if len(b) == empty {
		b = b[:start]
	} else {
		b = closeList(b)
	}
	if unknown > 0 {
		b = append(b, `,"droppedAttributesCount":`...)
		b = strconv.AppendInt(b, int64(unknown), 10)
	}
	return b
}

// appendValue adds what follows the opening of an attribute, and a comma.
func appendValue(b []byte, at *span.Attr) []byte {
	switch at.Type {
	case span.TypeInt:
		b = append(b, `intValue":"`...)
		b = strconv.AppendInt(b, at.Num, 10)
		return append(b, `"}},`...)
	case span.TypeBool:
		b = append(b, `boolValue":`...)
		b = strconv.AppendBool(b, at.Num != 0)
		return append(b, `}},`...)
	case span.TypeFloat:
		b = append(b, `doubleValue":`...)
		b = AppendDouble(b, at.Float())
		return append(b, `}},`...)
	case span.TypeStrings, span.TypeInts:
		b = append(b, `arrayValue":{`...)
		if len(at.Str) > 0 {
			b = appendElems(append(b, `"values":[`...), at)
		}
		return append(b, `}}},`...)
	case span.TypeAddr:
		b = append(b, `stringValue":"`...)
		if is4in6(at.Str) {
			var v [20]byte
			n := putIPv4(&v, (*[4]byte)(at.Str[12:]))
			b = append(b, v[:n]...)
		} else {
			b = span.AppendIP(b, (*[16]byte)(at.Str))
		}
		return append(b, `"}},`...)
	case span.TypeHex:
		b = append(b, `stringValue":"`...)
		b = binary.LittleEndian.AppendUint64(b, hex32(uint32(at.Num>>32)))
		b = binary.LittleEndian.AppendUint64(b, hex32(uint32(at.Num)))
		return append(b, `"}},`...)
	case span.TypeBytes:
		b = append(b, `bytesValue":"`...)
		b = base64.StdEncoding.AppendEncode(b, at.Str)
		return append(b, `"}},`...)
	default:
		return appendStringPair(b, at.Str)
	}
}

// appendElems adds the elements of a list and its end.
func appendElems(b []byte, at *span.Attr) []byte {
	if at.Type == span.TypeInts {
		for n := range at.Ints {
			b = append(b, `{"intValue":"`...)
			b = strconv.AppendInt(b, n, 10)
			b = append(b, `"},`...)
		}
		return closeList(b)
	}
	for s := range at.Strings {
		b = append(b, `{"stringValue":"`...)
		b = appendString(b, s)
		b = append(b, `"},`...)
	}
	return closeList(b)
}

// appendLinks adds the list of span links.
func (e *JSONEncoder) appendLinks(b []byte, links []span.Link) []byte {
	if len(links) == 0 {
		return b
	}
	b = append(b, `,"links":[`...)
	for i := range links {
		l := &links[i]
		b = append(b, `{"traceId":"`...)
		b = appendHex(b, l.Trace[:])
		b = append(b, `","spanId":"`...)
		b = appendHex(b, l.ID[:])
		b = append(b, `","attributes":[`...)
		if l.Rule != "" {
			b = append(b, `{"key":"`+rule+`","value":{"stringValue":"`...)
			b = append(appendEscaped(b, []byte(l.Rule)), `"}},`...)
		}
		b = append(b, `{"key":"`+confidence+`","value":{"doubleValue":`...)
		b = append(AppendDouble(b, l.Confidence), `}}]},`...)
	}
	return closeList(b)
}
