package clickhouse

import (
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/store"
)

// errText says that a text is not one that appendValue wrote.
var errText = errors.New("clickhouse: value is damaged")

// maxDepth bounds how deep values nest.
const maxDepth = 10_000

// parseValue reads the text of a value, of which the result is a part. A text that
// is damaged, as one that somebody else wrote may be, is a String.
func parseValue(t store.Type, text string) store.Value {
	v, err := readValue(t, text)
	if err != nil {
		return store.StringValue(text)
	}
	return v
}

func readValue(t store.Type, text string) (v store.Value, err error) {
	v.Type = t
	switch t {
	case store.Empty:
	case store.String, store.Bytes:
		v.Str = text
	case store.Bool:
		var yes bool
		if yes, err = strconv.ParseBool(text); yes {
			v.Num = 1
		}
	case store.Int:
		v.Num, err = strconv.ParseInt(text, 10, 64)
	case store.Double:
		v.Num, err = parseDouble(text)
	case store.Array, store.Map:
		p := parser{text}
		if v, err = p.value(0); err == nil && (p.rest != "" || v.Type != t) {
			err = errText
		}
	default:
		err = errText
	}
	return v, err
}

func parseDouble(text string) (int64, error) {
	if bits, ok := strings.CutPrefix(text, "NaN:"); ok {
		n, err := strconv.ParseUint(bits, 16, 64)
		return int64(n), err
	}
	f, err := strconv.ParseFloat(text, 64)
	return int64(math.Float64bits(f)), err
}

// parseMap reads a list of attributes.
func parseMap(text string) []store.Attr {
	if text == "" || text == "{}" {
		return nil
	}
	v, err := readValue(store.Map, text)
	if err != nil {
		return []store.Attr{{Key: "damaged", Value: store.StringValue(text)}}
	}
	return v.Map
}

// parser reads what appendNested wrote.
type parser struct{ rest string }

func (p *parser) take(s string) bool {
	r, ok := strings.CutPrefix(p.rest, s)
	p.rest = r
	return ok
}

func (p *parser) value(depth int) (store.Value, error) {
	switch {
	case depth > maxDepth || p.rest == "":
		return store.Value{}, errText
	case p.take("null"):
		return store.Value{}, nil
	case p.take("true"):
		return store.BoolValue(true), nil
	case p.take("false"):
		return store.BoolValue(false), nil
	}
	switch p.rest[0] {
	case '"':
		s, err := p.string()
		return store.StringValue(s), err
	case '[':
		return p.list(depth)
	case '{':
		return p.object(depth)
	}
	return p.number()
}

func (p *parser) number() (store.Value, error) {
	n := strings.IndexAny(p.rest, ",]}")
	if n < 0 {
		n = len(p.rest)
	}
	text := p.rest[:n]
	p.rest = p.rest[n:]
	if strings.ContainsAny(text, ".e") {
		bits, err := parseDouble(text)
		return store.Value{Type: store.Double, Num: bits}, err
	}
	i, err := strconv.ParseInt(text, 10, 64)
	return store.IntValue(i), err
}

func (p *parser) list(depth int) (v store.Value, err error) {
	v.Type = store.Array
	p.rest = p.rest[1:]
	if p.take("]") {
		return v, nil
	}
	for {
		e, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.List = append(v.List, e)
		if p.take("]") {
			return v, nil
		}
		if !p.take(",") {
			return v, errText
		}
	}
}

func (p *parser) object(depth int) (v store.Value, err error) {
	v.Type = store.Map
	p.rest = p.rest[1:]
	if p.take("}") {
		return v, nil
	}
	for {
		if p.rest == "" || p.rest[0] != '"' {
			return v, errText
		}
		key, err := p.string()
		if err != nil || !p.take(":") {
			return v, errText
		}
		if key == "$bytes" || key == "$double" {
			return p.special(key)
		}
		e, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		if len(key) > 1 && key[0] == '$' {
			key = key[1:]
		}
		v.Map = append(v.Map, store.Attr{Key: key, Value: e})
		if p.take("}") {
			return v, nil
		}
		if !p.take(",") {
			return v, errText
		}
	}
}

// special reads what stands behind "$bytes" or "$double", to the brace.
func (p *parser) special(key string) (v store.Value, err error) {
	if p.rest == "" || p.rest[0] != '"' {
		return v, errText
	}
	s, err := p.string()
	if err != nil || !p.take("}") {
		return v, errText
	}
	if key == "$double" {
		bits, err := parseDouble(s)
		return store.Value{Type: store.Double, Num: bits}, err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return store.BytesValue(string(b)), err
}

// string reads a string; one without escapes is a part of the text.
func (p *parser) string() (string, error) {
	s := p.rest[1:]
	n := strings.IndexAny(s, `"\`)
	if n >= 0 && s[n] == '"' {
		p.rest = s[n+1:]
		return s[:n], nil
	}
	var b strings.Builder
	for n >= 0 {
		b.WriteString(s[:n])
		if s[n] == '"' {
			p.rest = s[n+1:]
			return b.String(), nil
		}
		s = s[n+1:]
		switch {
		case s == "":
			return "", errText
		case s[0] == '"' || s[0] == '\\':
			b.WriteByte(s[0])
			s = s[1:]
		case s[0] == 'u' && len(s) >= 5:
			c, err := strconv.ParseUint(s[1:5], 16, 8)
			if err != nil {
				return "", errText
			}
			b.WriteByte(byte(c))
			s = s[5:]
		default:
			return "", errText
		}
		n = strings.IndexAny(s, `"\`)
	}
	return "", errText
}
