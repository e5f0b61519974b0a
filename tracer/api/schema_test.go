package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// validator holds JSON to the schemas of openapi.json, by the keywords that are
// used there; it knows no others, and says so.
type validator struct{ schemas map[string]any }

func newValidator(t *testing.T) validator {
	t.Helper()
	var doc struct {
		Components struct {
			Schemas map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Components.Schemas) < 10 {
		t.Fatal("openapi.json has no schemas: run with -update")
	}
	return validator{doc.Components.Schemas}
}

// check returns what is wrong with the JSON of a schema.
func (v validator) check(name string, b []byte) error {
	var x any
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if err := d.Decode(&x); err != nil {
		return err
	}
	return v.value("", x, map[string]any{"$ref": "#/components/schemas/" + name})
}

func (v validator) value(at string, x any, schema any) error {
	s := schema.(map[string]any)
	if kind, ok := s["type"]; ok { // the other keywords count on it
		if err := v.keyword(at, x, s, "type", kind); err != nil {
			return err
		}
	}
	for key, arg := range s {
		if err := v.keyword(at, x, s, key, arg); err != nil {
			return err
		}
	}
	return nil
}

func (v validator) keyword(at string, x any, s map[string]any, key string, arg any) error {
	switch key {
	case "description", "additionalProperties":
	case "$ref":
		name := strings.TrimPrefix(arg.(string), "#/components/schemas/")
		if v.schemas[name] == nil {
			return fmt.Errorf("%s: no schema %s", at, name)
		}
		return v.value(at, x, v.schemas[name])
	case "type":
		if got := jsonType(x); got != arg && !(arg == "number" && got == "integer") {
			return fmt.Errorf("%s: is %s, not %s", at, got, arg)
		}
	case "enum":
		if !slices.Contains(arg.([]any), x) {
			return fmt.Errorf("%s: %v is none of %v", at, x, arg)
		}
	case "pattern":
		if !regexp.MustCompile(arg.(string)).MatchString(x.(string)) {
			return fmt.Errorf("%s: %q does not match %s", at, x, arg)
		}
	case "anyOf":
		var errs []error
		for _, one := range arg.([]any) {
			err := v.value(at, x, one)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return fmt.Errorf("%s: %v", at, errs)
	case "items":
		for i, e := range x.([]any) {
			if err := v.value(fmt.Sprintf("%s[%d]", at, i), e, arg); err != nil {
				return err
			}
		}
	case "required":
		for _, n := range arg.([]any) {
			if _, ok := x.(map[string]any)[n.(string)]; !ok {
				return fmt.Errorf("%s: %s is missing", at, n)
			}
		}
	case "properties":
		props := arg.(map[string]any)
		for n, e := range x.(map[string]any) {
			if p, ok := props[n]; ok {
				if err := v.value(at+"."+n, e, p); err != nil {
					return err
				}
			} else if s["additionalProperties"] == false {
				return fmt.Errorf("%s: %s is not described", at, n)
			}
		}
	default:
		return fmt.Errorf("%s: the validator does not know %q", at, key)
	}
	return nil
}

func jsonType(x any) string {
	switch v := x.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "number"
		}
		return "integer"
	}
	return "unknown"
}

// TestValidatorCatches: what the tests of answers stand on.
func TestValidatorCatches(t *testing.T) {
	v := newValidator(t)
	for _, bad := range []string{
		`{}`, `{"values":[1],"complete":true}`, `{"values":[],"complete":"yes"}`, `{"values":[],"complete":true,"more":1}`, `[]`,
	} {
		if v.check("Values", []byte(bad)) == nil {
			t.Errorf("%s is taken for Values", bad)
		}
	}
	if err := v.check("Values", []byte(`{"values":["a"],"complete":true}`)); err != nil {
		t.Error(err)
	}
	if v.check("Alternative", []byte(`{"node":1.5,"rule":"x","confidence":1}`)) == nil {
		t.Error("1.5 is taken for an integer")
	}
	if v.check("Event", []byte(`{"time_ns":"1s","name":"x","attributes":{}}`)) == nil {
		t.Error("1s is taken for nanoseconds")
	}
}
