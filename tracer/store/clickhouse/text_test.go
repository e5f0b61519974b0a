package clickhouse

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/wirespan/wirespan/tracer/store"
)

func listOf(v ...store.Value) store.Value { return store.Value{Type: store.Array, List: v} }
func mapOf(m ...store.Attr) store.Value   { return store.Value{Type: store.Map, Map: m} }

func TestValueText(t *testing.T) {
	odd := store.Value{Type: store.Double, Num: 0x7ff8_0000_0000_0000}
	for _, c := range []struct {
		v    store.Value
		text string
	}{
		{store.Value{}, ""},
		{store.StringValue("a\"b\n"), "a\"b\n"},
		{store.BoolValue(true), "true"},
		{store.IntValue(math.MinInt64), "-9223372036854775808"},
		{store.DoubleValue(1), "1"},
		{store.DoubleValue(math.NaN()), "NaN"},
		{odd, "NaN:7ff8000000000000"},
		{store.BytesValue("\x00\xff"), "\x00\xff"},
		{listOf(), "[]"},
		{mapOf(), "{}"},
		{listOf(store.StringValue("a\"\\\n\xffé"), store.IntValue(-1), store.Value{}, store.BoolValue(false)), "[\"a\\\"\\\\\\u000a\xffé\",-1,null,false]"},
		{listOf(store.DoubleValue(1), store.DoubleValue(1e300), store.DoubleValue(math.Inf(-1)), odd), `[1.0,1e+300,{"$double":"-Inf"},{"$double":"NaN:7ff8000000000000"}]`},
		{mapOf(store.Attr{Key: "b", Value: store.BytesValue("\x01\x02")}, store.Attr{Key: "$bytes", Value: listOf(mapOf())}), `{"b":{"$bytes":"AQI="},"$$bytes":[{}]}`},
	} {
		got := string(appendValue(nil, &c.v))
		if got != c.text {
			t.Errorf("text %q, want %q", got, c.text)
		}
		if d := cmp.Diff(c.v, parseValue(c.v.Type, got), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s:\n%s", c.text, d)
		}
	}
}

func TestValueDamaged(t *testing.T) {
	for _, c := range []struct {
		t    store.Type
		text string
	}{
		{store.Int, "x"},
		{store.Bool, "perhaps"},
		{store.Double, "NaN:zz"},
		{store.Array, "{}"},
		{store.Array, `["a"`},
		{store.Array, `["a\q"]`},
		{store.Map, `{"a"}`},
		{store.Map, `{"$bytes":"?"}`},
		{store.Map, `{"$bytes":"AA==","b":1}`},
		{store.Map, "{1:2}"},
		{store.NumTypes, "x"},
		{store.Array, strings.Repeat("[", maxDepth+2)},
	} {
		if got := parseValue(c.t, c.text); got.Type != store.String || got.Str != c.text {
			t.Errorf("%q: %+v", c.text, got)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	f.Add(uint8(store.Array), `["a\u0001",1,-2.5,{"$bytes":"AQI="},{"$double":"NaN"},null,true,{"$$x":[]}]`)
	f.Add(uint8(store.Map), `{"k":{"l":[[]]},"":"\\\""}`)
	f.Add(uint8(store.Double), "NaN:7ff8000000000000")
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		v, err := readValue(store.Type(kind%uint8(store.NumTypes)), text)
		if err != nil {
			return
		}
		again := parseValue(v.Type, string(appendValue(nil, &v)))
		if d := cmp.Diff(v, again, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%q is not what was written:\n%s", text, d)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add("11:k5:value33:int2:-161:l4:[\"\"]")
	f.Add("19:17899992001:e2:{}")
	f.Add("32:" + strings.Repeat("ab", 16) + "16:" + strings.Repeat("cd", 8) + "7:{\"a\":1}")
	f.Fuzz(func(t *testing.T, text string) {
		attrs, ok := unpackAttrs(text)
		n := 0
		for i := range attrs {
			n += len(attrs[i].Key) + 1
		}
		if n > len(text) {
			t.Errorf("%d bytes of keys in %d", n, len(text))
		}
		if ok && text != "" && len(attrs) == 0 {
			t.Error("nothing was found in what is not damaged")
		}
		unpackEvents(text)
		unpackLinks(text)
	})
}

func TestUnpack(t *testing.T) {
	if _, ok := unpackAttrs("11:k9:short"); ok {
		t.Error("a word longer than the row")
	}
	if l, ok := unpackAttrs("11:k1:v8"); ok || len(l) != 1 {
		t.Errorf("%v, %v", l, ok)
	}
	if e, ok := unpackEvents("2:-51:e9:{\"a\":1.5}"); !ok || e[0].Time != -5 || e[0].Attrs[0].Value.Float() != 1.5 {
		t.Errorf("%v, %v", e, ok)
	}
	if _, ok := unpackLinks("2:ab2:cd0:"); ok {
		t.Error("ids that are too short")
	}
}

func TestQuote(t *testing.T) {
	if got := quote("a'b\\c\x00\xff"); got != `'a\'b\\c\0`+"\xff'" {
		t.Error(got)
	}
	if got := name("a`b"); got != "`a\\`b`" {
		t.Error(got)
	}
}
