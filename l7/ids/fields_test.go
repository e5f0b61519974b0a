package ids

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/wirespan/wirespan/l7"
)

// fielded is a Matcher with what users write.
func fielded(t testing.TB, rules ...string) *Matcher {
	t.Helper()
	c := Default()
	for _, r := range rules {
		if err := c.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// said lists the IDs of a message.
func said(m *l7.Message) (list []string) {
	for _, id := range m.IDs {
		if id.Class != l7.IDUser {
			list = append(list, "class?")
		}
		list = append(list, fmt.Sprintf("%s=%s", id.Name, id.Value))
	}
	return list
}

func TestAddRejects(t *testing.T) {
	for rule, why := range map[string]string{
		"cookie:a": "want a header", "query:": "name is missing", "json:": "name is missing",
		"json:a.b": "must begin with $", "json:$": "names no member", "json:$[*]": "names no member", "json:$.a[": "cannot be read",
		"json:$.a[-1]": "cannot be read", "json:$..": "cannot be read", "json:$.a b": "cannot be read", "json:$a": "cannot be read", "json:$..[0]": "cannot be read",
		"json:$" + strings.Repeat(".a", maxSteps+1): "more than 16 steps", "header:traceparent": "another meaning",
		"query:" + strings.Repeat("n", 200): "longer than", "json:$." + strings.Repeat("n", maxName+1): "longer than",
	} {
		c := Default()
		err := c.Add(rule)
		if err == nil {
			_, err = New(c)
		}
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", rule, err, why)
		}
	}
	c := Default()
	for i := range maxFields + 1 {
		c.SQL = append(c.SQL, fmt.Sprint("n", i))
	}
	if _, err := New(c); err == nil {
		t.Error("any number of fields")
	}
}

func TestQuery(t *testing.T) {
	m := fielded(t, "query:serialNo", "query:tx[id]", "X-Serial", "header:X-Other")
	for target, want := range map[string][]string{
		"/a?b=1&serialNo=47+11%2f&c":                                {"serialNo=47 11/"},
		"/a?serialNo=1&serialNo=2#serialNo=3":                       {"serialNo=1", "serialNo=2"},
		"/a?serialNo=1&serialNo=2&serialNo=3&serialNo=4&serialNo=5": {"serialNo=1", "serialNo=2", "serialNo=3", "serialNo=4"},
		"/a?tx%5Bid%5D=7;serialNo=%":                                {"tx[id]=7", "serialNo=%"},
		"/serialNo=1":                                               nil, "/a?serialno=1&xserialNo=2&serialNo": nil, "/a?serialNo=&tx[id]=%20": nil, "?": nil, "": nil,
	} {
		var msg l7.Message
		m.Query([]byte(target), &msg, nil)
		if d := cmp.Diff(want, said(&msg)); d != "" {
			t.Errorf("%q (-want +got):\n%s", target, d)
		}
	}
	if m.Match([]byte("x-serial")) != l7.IDRequest || m.Match([]byte("X_Other")) != l7.IDRequest || m.Match([]byte("serialNo")) != l7.IDNone {
		t.Error("headers are not told from fields")
	}
	if m = fielded(t, "sql:serial_no"); m.MatchSQL([]byte("Serial-No")) != l7.IDUser || m.MatchSQL([]byte("serial")) != l7.IDNone {
		t.Error("keys of comments are not told")
	}
}

func TestBodies(t *testing.T) {
	m := fielded(t, "json:$.head.serialNo", "json:$['a']['b.c'][1].id", "json:$.list[*].id", "json:$..deep", "form:serialNo", "form:a b")
	const parts = "--x\r\nContent-Disposition: form-data; name=\"serialNo\"\r\n\r\n4711\r\n" +
		"--x\r\ncontent-disposition: form-data; name=\"a b\"\r\nContent-Type: text/plain\r\n\r\n2\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"serialNo\"; filename=\"f\"\r\n\r\nno\r\n--x--\r\n"
	for _, c := range []struct {
		media, body string
		want        []string
	}{
		{"application/json", `{"head" : { "x":[1,{"serialNo":"no"}], "serialNo" : "4711" },"serialNo":"no"}`, []string{"serialNo=4711"}},
		{"application/json; charset=utf-8", `{"head":{"serialNo":4711}}`, []string{"serialNo=4711"}},
		{"application/json", `{"head":{"serialNo":true,"serialNo":"a\"b","serialNo":null,"serialNo":{},"serialNo":-1.5}}`, []string{"serialNo=-1.5"}},
		{"text/json", `{"head":{"serialNo":4711`, nil},
		{"text/json", `{"head":{"serialNo":"4711`, nil},
		{"text/json", `{"head":{"serialNo":"4711"`, []string{"serialNo=4711"}},
		{"application/problem+json", `{"a":{"b.c":[{"id":"0"},{"id":"1"},{"id":"2"}]}}`, []string{"id=1"}},
		{"application/json", `{"list":[{"id":1},{},7,{"id":"2"},{"id":3},{"id":4},{"id":5}]}`, []string{"id=1", "id=2", "id=3", "id=4"}},
		{"application/json", `[{"x":{"y":[{"deep":"a"}]}},{"deep":"b"}]`, []string{"deep=a", "deep=b"}},
		{"application/json", `{"head":"serialNo","a":[],"list":{}} trailing`, nil},
		{"application/json", `{,}}]]{"head":{"serialNo":"1"}}`, nil},
		{"application/x-www-form-urlencoded", "x=1&serialNo=47%2B11&a+b=2\r\n", []string{"serialNo=47+11", "a b=2"}},
		{"", "x=1&serialNo=4711", []string{"serialNo=4711"}},
		{"text/plain;charset=utf-8", ` {"head":{"serialNo":"4711"}}`, []string{"serialNo=4711"}},
		{"multipart/form-data; boundary=x", parts, []string{"serialNo=4711", "a b=2"}},
		{"multipart/form-data; boundary=x", parts[:60], nil},
		{"application/xml", `<serialNo>4711</serialNo>`, nil},
		{"text/html", "serialNo=4711", nil},
	} {
		var msg l7.Message
		m.Fields(m.BodyOf([]byte(c.media), nil), []byte(c.body), false, &msg, nil)
		if d := cmp.Diff(c.want, said(&msg)); d != "" {
			t.Errorf("%s %q (-want +got):\n%s", c.media, c.body, d)
		}
	}
	if m.BodyOf([]byte("application/json"), []byte("gzip")) != NoBody || m.BodyOf([]byte("application/json"), []byte("Identity")) != JSONBody {
		t.Error("content codings are not told apart")
	}
	if m = fielded(t, "query:a", "sql:b"); m.BodyOf([]byte("application/json"), nil) != NoBody || m.BodyOf(nil, nil) != NoBody {
		t.Error("bodies are read although nobody looks for fields in them")
	}
}

// What is behind the bound is not searched, and the last value of a form that is
// cut there is left out.
func TestBodyBound(t *testing.T) {
	m := fielded(t, "form:a")
	for _, pad := range []int{MaxBody - 6, MaxBody - 4, MaxBody} {
		var msg l7.Message
		b := strings.Repeat("x", pad) + "&a=123&a=4"
		m.Fields(FormBody, []byte(b), false, &msg, nil)
		if len(msg.IDs) != 0 {
			t.Errorf("behind %d bytes: %v", pad, said(&msg))
		}
	}
	var msg l7.Message
	m.Fields(FormBody, []byte("a=1&a=23"), true, &msg, nil)
	if d := cmp.Diff([]string{"a=1"}, said(&msg)); d != "" {
		t.Error(d)
	}
}

func TestFieldsAllocs(t *testing.T) {
	m := fielded(t, "json:$.head.serialNo", "form:serialNo", "query:serialNo")
	msg, buf := &l7.Message{IDs: make([]l7.ID, 0, 8)}, make([]byte, 0, 64)
	json, form, target := []byte(`{"head":{"serialNo":"4711"}}`), []byte("serialNo=47%2011"), []byte("/?serialNo=4711")
	if n := testing.AllocsPerRun(100, func() {
		msg.IDs = msg.IDs[:0]
		m.Fields(JSONBody, json, false, msg, buf)
		m.Fields(FormBody, form, false, msg, buf)
		m.Query(target, msg, buf)
	}); n != 0 || len(msg.IDs) != 3 {
		t.Errorf("%v allocations for %v", n, said(msg))
	}
}

func FuzzFields(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[{"c":"1"},2]},"d":{"c":3}}`), uint8(JSONBody))
	f.Add([]byte("a=1&b%20=2#"), uint8(FormBody))
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--"), uint8(PartsBody))
	m := fielded(f, "json:$.a.b[*].c", "json:$..c", "json:$.a[1]", "form:a", "form:b ", "query:a")
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) {
		var msg l7.Message
		m.Fields(Body(kind%5), b, kind&64 != 0, &msg, nil)
		m.Query(b, &msg, nil)
		for _, id := range msg.IDs {
			if len(id.Value) == 0 || len(id.Value) > len(b) || id.Class != l7.IDUser {
				t.Errorf("%q gave %q", b, id.Value)
			}
		}
		if len(msg.IDs) > 7*maxFieldValues {
			t.Errorf("%d IDs", len(msg.IDs))
		}
	})
}
