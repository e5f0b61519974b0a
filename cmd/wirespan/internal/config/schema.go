package config

import (
	"encoding/json"
	"strings"
)

// duration is what time.ParseDuration takes.
const duration = `^[-+]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`

type object = map[string]any

// Schema describes the file as JSON Schema, draft 7, which is what editors
// know.
func (k *Keys) Schema(id string) ([]byte, error) {
	top := object{}
	for _, key := range k.list {
		top[key.Name] = key.schema()
	}
	for s := range k.sections {
		top[s] = k.sectionSchema(s)
	}
	return json.MarshalIndent(object{
		"$schema":              "http://json-schema.org/draft-07/schema#",
		"$id":                  id,
		"title":                "wirespan configuration",
		"type":                 []string{"object", "null"},
		"additionalProperties": false,
		"properties":           top,
	}, "", "  ")
}

// sectionSchema describes the keys below a name, and the key of that name.
func (k *Keys) sectionSchema(name string) object {
	props := object{}
	for _, key := range k.list {
		if key.Section() == name {
			props[strings.TrimPrefix(key.Name, name+".")] = key.schema()
		}
	}
	nested := object{"type": []string{"object", "null"}, "additionalProperties": false, "properties": props}
	itself := k.byName[name]
	if itself == nil {
		return nested
	}
	props[own] = itself.schema()
	alone := *itself
	alone.Pairs = false // a mapping is the section
	return object{"description": itself.Usage, "anyOf": []object{alone.schema(), nested}}
}

// schema describes a key.
func (k *Key) schema() object {
	s := k.scalarSchema()
	if k.List {
		forms := []object{s, {"type": "array", "items": k.scalarSchema()}, {"type": "null"}}
		if k.Pairs {
			forms = append(forms, object{"type": "object", "additionalProperties": object{"type": []string{"string", "number", "boolean"}}})
		}
		s = object{"anyOf": forms}
	}
	s["description"] = k.Usage + " (--" + k.Flag + ", " + k.Variable + ")"
	if d := k.Defaults[0].Items; !k.List && len(d) == 1 && d[0] != "" {
		s["default"] = k.literal(d[0])
	}
	return s
}

// scalarSchema describes one value.
func (k *Key) scalarSchema() object {
	switch t := Wants(k.Type); {
	case k.Rule.Enum != nil:
		return object{"enum": k.Rule.Enum}
	case k.Rule.Number, t == "a number":
		return object{"type": []string{"number", "null"}}
	case t == "true or false":
		return object{"type": []string{"boolean", "null"}}
	case t == "a whole number":
		return object{"type": []string{"integer", "null"}}
	case t == "a whole number from 0":
		return object{"type": []string{"integer", "null"}, "minimum": 0}
	case t != "":
		return object{"type": []string{"string", "null"}, "pattern": duration}
	}
	return object{"type": []string{"string", "number", "boolean", "null"}}
}

// literal is a default as JSON knows it.
func (k *Key) literal(v string) any {
	if k.plain() && !strings.HasPrefix(Wants(k.Type), "a duration") {
		return json.RawMessage(v)
	}
	return v
}
