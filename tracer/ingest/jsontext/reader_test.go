package jsontext

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// value reads a value as encoding/json does with UseNumber.
func value(r *Reader) any {
	switch r.Kind() {
	case '{':
		m := map[string]any{}
		r.Object(func(k string) { m[k] = value(r) })
		return m
	case '[':
		list := []any{}
		r.Array(func() { list = append(list, value(r)) })
		return list
	case '"':
		return r.String()
	case 't', 'f':
		return r.Bool()
	case '0':
		return json.Number(r.Number())
	}
	r.Null()
	return nil
}

var texts = []string{
	`{"a":[1,-2.5e+3,true,false,null,"x"],"b":{"c":"\u00e9\n\ud83d\ude00\"\\\/\b\f\r\t"},"":{}}`,
	` [ ] `, `{}`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `0`, `-0.5`, `1e400`, "\"\xff\xfe\"", `"é"`,
	``, ` `, `{`, `[`, `"`, `"\`, `"\x"`, `"\u12g4"`, `01`, `1.`, `-`, `1e`, `+1`, `.5`, `nul`, `tru`, `[1,]`, `{"a":1,}`, `{"a"}`, `{a:1}`,
	`[1 2]`, `{"a":1 "b":2}`, `1 2`, "\"\n\"", `[}`, `{]`, `"a" x`, `//`, `nullx`,
	strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth),
}

func compare(t *testing.T, text string) {
	t.Helper()
	r := New(text)
	got := value(r)
	err := r.End()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var want any
	if valid := json.Valid([]byte(text)); valid != (err == nil) {
		if err != nil && strings.Contains(err.Error(), "levels") {
			return
		}
		t.Fatalf("%q: %v; encoding/json: valid is %v", text, err, valid)
	} else if !valid {
		return
	}
	if err := d.Decode(&want); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if !reflect.DeepEqual(valid(got), valid(want)) {
		t.Fatalf("%q: %#v, want %#v", text, got, want)
	}
	s := New(text)
	if s.Skip(); s.End() != nil {
		t.Fatalf("%q: skipped: %v", text, s.Err())
	}
}

// valid makes one U+FFFD of several, since one run of bad bytes may become one or more.
func valid(v any) any {
	switch v := v.(type) {
	case string:
		for strings.Contains(v, "\uFFFD\uFFFD") {
			v = strings.ReplaceAll(v, "\uFFFD\uFFFD", "\uFFFD")
		}
		return v
	case []any:
		for i := range v {
			v[i] = valid(v[i])
		}
	case map[string]any:
		m := map[string]any{}
		for k, e := range v {
			m[valid(k).(string)] = valid(e)
		}
		return m
	}
	return v
}

func TestAgainstEncodingJSON(t *testing.T) {
	for _, s := range texts {
		compare(t, s)
	}
	if err := func() error { r := New(strings.Repeat("[", 1<<20)); r.Skip(); return r.End() }(); err == nil {
		t.Error("no limit of levels")
	}
}

func TestNumbers(t *testing.T) {
	r := New(`["9223372036854775807",-3,1e3,"18446744073709551615","NaN","-Infinity",0.5,null,7]`)
	var got []any
	reads := []func() any{
		func() any { return r.Int() }, func() any { return r.Int() }, func() any { return r.Int() },
		func() any { return r.Uint() }, func() any { return math.IsNaN(r.Float()) }, func() any { return r.Float() }, func() any { return r.Float() },
		func() any { return r.Int() }, func() any { return r.Uint() },
	}
	r.Array(func() { got = append(got, reads[len(got)]()) })
	want := []any{int64(math.MaxInt64), int64(-3), int64(1000), uint64(math.MaxUint64), true, math.Inf(-1), 0.5, int64(0), uint64(7)}
	if err := r.End(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{`1.5`, `"x"`, `true`, `9223372036854775808`, `{}`} {
		r := New(bad)
		if r.Int(); r.End() == nil {
			t.Errorf("%s taken for an int64", bad)
		}
	}
	if r := New(`-1`); r.Uint() != 0 || r.End() == nil {
		t.Error("-1 taken for a uint64")
	}
}

func TestFaults(t *testing.T) {
	r := New(`{"a": tru}`)
	r.Object(func(string) { r.Bool() })
	if err := r.End(); err == nil || err.Error() != `JSON, offset 6: want true` {
		t.Errorf("got %v", err)
	}
	r = New(`[1]`)
	r.Object(func(string) {})
	if r.End() == nil {
		t.Error("an array taken for an object")
	}
	r = New(` {"x":[1,{"y":2}]} `)
	var raw string
	if r.Object(func(string) { raw = r.Raw() }); r.End() != nil || raw != `[1,{"y":2}]` {
		t.Errorf("raw %q, %v", raw, r.Err())
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range texts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compare(t, s) })
}
