package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite openapi.json")

type object = map[string]any

// describe makes the document of routes and the types of their answers.
func describe() object {
	d := describer{schemas: object{}}
	problems := d.ref(reflect.TypeFor[Problem]())
	paths := object{}
	for _, rt := range routes() {
		var params []any
		for rest := rt.path; strings.Contains(rest, "{"); {
			name, after, _ := strings.Cut(rest[strings.IndexByte(rest, '{')+1:], "}")
			params = append(params, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
			rest = after
		}
		for i := range rt.params {
			params = append(params, d.param(&rt.params[i]))
		}
		content := object{}
		if rt.result != nil {
			content["application/json"] = object{"schema": d.ref(reflect.TypeOf(rt.result))}
		}
		for kind, what := range rt.others {
			content[kind] = object{"schema": object{"type": "string", "description": what}}
			if kind == "application/json" {
				content[kind] = object{"schema": object{"type": "object", "description": what}}
			}
		}
		get := object{
			"summary":     rt.summary,
			"operationId": strings.Trim(strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_").Replace(strings.TrimPrefix(rt.path, Prefix)), "_"),
			"responses": object{
				"200":     object{"description": "the answer", "content": content},
				"default": object{"description": "a problem (RFC 9457)", "content": object{"application/problem+json": object{"schema": problems}}},
			},
		}
		if params != nil {
			get["parameters"] = params
		}
		method := "get"
		if rt.body != nil {
			method = "post"
			get["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": d.ref(reflect.TypeOf(rt.body))}}}
		}
		paths[rt.path] = object{method: get}
	}
	for _, event := range []any{Hello{}, Dropped{}, Summary{}, Span{}} {
		d.ref(reflect.TypeOf(event))
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "wirespan", "version": "1", "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Traces that were assembled from packets, system calls and SDKs. Names that end in _ns are nanoseconds; those that are strings are times since 1970, which JavaScript would round as numbers. Whole numbers in attributes that JavaScript would round are strings, too.",
		},
		"servers": []any{object{"url": "/"}},
		// Access is decided in front of the API: a token, where one is configured.
		"security":   []any{object{}, object{"token": []any{}}},
		"paths":      paths,
		"components": object{"schemas": d.schemas, "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}}},
	}
}

type describer struct{ schemas object }

func (d *describer) param(p *param) object {
	s := object{"type": "string"}
	switch p.kind {
	case "integer":
		s = object{"type": "integer", "minimum": 1}
		if p.name == "width" {
			s["minimum"] = 0
		}
	case "boolean":
		s = object{"type": "boolean"}
	}
	if p.enum != nil {
		s["enum"] = p.enum
	}
	doc := p.doc
	switch p.kind {
	case "time":
		doc += ". RFC 3339 or a part of it in UTC, seconds since 1970, now, or -15m"
	case "duration":
		doc += ". 10ms, 1.5s"
	case "id":
		doc += ". Hex digits"
	}
	if p.many {
		s = object{"type": "array", "items": s}
	}
	return object{"name": p.name, "in": "query", "description": doc, "schema": s}
}

// ref describes a struct among the components and points to it.
func (d *describer) ref(t reflect.Type) object {
	name := t.Name()
	if _, ok := d.schemas[name]; !ok {
		d.schemas[name] = nil // it may hold itself
		s := object{"type": "object", "additionalProperties": false}
		props, required := object{}, []string{}
		d.fields(t, props, &required)
		s["properties"] = props
		if len(required) > 0 {
			s["required"] = required
		}
		d.schemas[name] = s
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (d *describer) fields(t reflect.Type, props object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			d.fields(f.Type, props, required)
			continue
		}
		if !f.IsExported() {
			continue
		}
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		s := d.schema(f.Type)
		if e := f.Tag.Get("enum"); e != "" {
			s["enum"] = strings.Split(e, ",")
		}
		if strings.HasSuffix(name, "_ns") && f.Type.Kind() == reflect.String {
			s["pattern"] = "^-?[0-9]+$"
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			s["description"] = doc
		}
		props[name] = s
		if option != "omitempty" {
			*required = append(*required, name)
		}
	}
}

func (d *describer) schema(t reflect.Type) object {
	if t == reflect.TypeFor[Attributes]() {
		return object{"type": "object", "additionalProperties": true}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": true}
	case reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Struct:
		return d.ref(t)
	case reflect.Pointer:
		return object{"anyOf": []any{d.schema(t.Elem()), object{"type": "null"}}}
	}
	panic("no schema of " + t.String())
}

// TestOpenAPI keeps the document to the routes and types.
func TestOpenAPI(t *testing.T) {
	b, err := json.MarshalIndent(describe(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, '\n')
	if *update {
		if err := os.WriteFile("openapi.json", b, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(b, openAPI) {
		t.Error("openapi.json is not what routes and types say: go test ./tracer/api -run TestOpenAPI -update")
	}
}

// TestOpenAPIDescribes: every field, parameter and path says what it is.
func TestOpenAPIDescribes(t *testing.T) {
	plain := map[string]bool{ // say it by their names
		"trace_id": true, "span_id": true, "name": true, "kind": true, "status": true, "status_message": true, "protocol": true, "attributes": true,
		"service": true, "agent": true, "spans": true, "errors": true, "depth": true, "roots": true, "rule": true, "confidence": true, "duration_ns": true,
		"span": true, "limits": true, "traces": true, "version": true, "valid": true, "type": true, "callee": true, "count": true, "per_second": true,
		"mean_ns": true, "step_ns": true, "p50_ns": true, "p95_ns": true, "how": true, "to_ns": true,
	}
	for name, s := range describe()["components"].(object)["schemas"].(object) {
		for field, p := range s.(object)["properties"].(object) {
			_, ref := p.(object)["$ref"]
			if p.(object)["description"] == nil && !ref && !plain[field] {
				t.Errorf("%s.%s is not described", name, field)
			}
		}
	}
	for path, p := range describe()["paths"].(object) {
		get, ok := p.(object)["get"].(object)
		if !ok {
			get = p.(object)["post"].(object)
		}
		if get["summary"] == "" {
			t.Errorf("%s is not described", path)
		}
		list, _ := get["parameters"].([]any)
		for _, x := range list {
			if x.(object)["in"] == "query" && x.(object)["description"] == "" {
				t.Errorf("%s: %s is not described", path, x.(object)["name"])
			}
		}
	}
}
