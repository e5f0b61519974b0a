package ids_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

func fromJSON(t testing.TB, text string) (got []string) {
	m, err := ids.New(ids.Default())
	if err != nil {
		t.Fatal(err)
	}
	var msg l7.Message
	ids.FromJSON([]byte(text), m, &msg)
	for _, id := range msg.IDs {
		got = append(got, string(id.Name)+"="+string(id.Value))
	}
	return got
}

func TestFromJSON(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{`{"order":"70000","x-request-id":"1fa1"}`, []string{"x-request-id=1fa1"}},
		{
			` { "X_Request_Id" : "a" , "traceparent":"00-1-2-01","x":[1,{"x-request-id":"inner"}], "X-Correlation-ID":"b"} {"x-request-id":"behind"}`,
			[]string{"X_Request_Id=a", "traceparent=00-1-2-01", "X-Correlation-ID=b"},
		},
		{`{"x-request-id":5,"x-correlation-id":"","note":"\"x-request-id\":\"no\"","x-request-id":"es\"c"}`, nil},
		{`{"note":"x-request-id","x-request-id":"cut sho`, nil},
		{`["x-request-id","a"]`, nil},
		{`"x-request-id":"a"`, nil},
		{``, nil},
		{`{"x-request-id"`, nil},
		{`{"x-request-id":`, nil},
	} {
		if d := cmp.Diff(c.want, fromJSON(t, c.text)); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
	}
}

// What is found in a valid document is there.
func FuzzFromJSON(f *testing.F) {
	f.Add(`{"x-request-id":"a","b":{"x-request-id":"c"}}`)
	f.Add(`{"a":"\\","x-request-id":"q\\"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := fromJSON(t, text)
		var doc map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &doc) != nil {
			return
		}
		var have []string
		for k, v := range doc {
			var s string
			if json.Unmarshal(v, &s) == nil {
				have = append(have, k+"="+s)
			}
		}
		for _, g := range got {
			// Of equal names the decoder keeps the last, and it replaces invalid
			// UTF-8: only documents without either are compared.
			if !slices.Contains(have, g) && utf8.ValidString(g) && strings.Count(text, ":") == len(doc) {
				t.Errorf("%q: %q is not in it", text, g)
			}
		}
	})
}
