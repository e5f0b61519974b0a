package clickhouse

import (
	"fmt"
	"strings"
)

// dialect is what a schema is asked with.
type dialect struct {
	flavour string
	columns string // of a span, as span.scan reads them

	key, typ, value                         string // arrays of attributes
	resourceKey, resourceTyp, resourceValue string
	attr                                    func(key string) string // text of an attribute, empty if there is none
	resource                                func(key string) string
}

// Flavours of schemas.
const (
	base     = "base"
	enhanced = "enhanced"
)

func newDialect(flavour string) dialect {
	d := dialect{
		flavour: flavour,
		key:     "attr_key", typ: "attr_type", value: "attr_value",
		resourceKey: "resource_key", resourceTyp: "resource_type", resourceValue: "resource_value",
	}
	d.attr = func(key string) string { return fmt.Sprintf("attr_value[indexOf(attr_key, %s)]", quote(key)) }
	d.resource = func(key string) string { return fmt.Sprintf("resource_value[indexOf(resource_key, %s)]", quote(key)) }
	if flavour == enhanced {
		d.key, d.value = "mapKeys(attrs)", "mapValues(attrs)"
		d.resourceKey, d.resourceValue = "mapKeys(resource)", "mapValues(resource)"
		d.attr = func(key string) string { return "attrs[" + quote(key) + "]" }
		d.resource = func(key string) string { return "resource[" + quote(key) + "]" }
	}
	d.columns = strings.Join([]string{
		"start", "duration", "trace", "span", "parent", "kind", "status", "signal", "service", "instance", "agent",
		"name", "message", "state", "scope",
		pack("toString(t)", d.typ, word("k"), d.key, word("v"), d.value),
		pack("toString(t)", d.resourceTyp, word("k"), d.resourceKey, word("v"), d.resourceValue),
		pack(word("toString(t)"), "event_time", word("k"), "event_name", word("v"), "event_attrs"),
		pack(word("hex(t)"), "link_trace", word("hex(k)"), "link_span", word("v"), "link_attrs"),
	}, ", ")
	return d
}

// word is an element with its length in front.
func word(x string) string { return "toString(length(" + x + ")), ':', " + x }

// pack writes three arrays as one string; see packed.
func pack(a, as, b, bs, c, cs string) string {
	return fmt.Sprintf("arrayStringConcat(arrayMap((t, k, v) -> concat(%s, %s, %s), %s, %s, %s))", a, b, c, as, bs, cs)
}
