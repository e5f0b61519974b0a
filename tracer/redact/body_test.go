package redact

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestAppendBody(t *testing.T) {
	r := New(Config{})
	for _, c := range []struct{ ct, in, want string }{
		{"application/json", `{"user":"jo","password":"x"}`, `{"user":"jo","password":"REDACTED"}`},
		{"application/json", `{"password" : 123, "a":1}`, `{"password" : "REDACTED", "a":1}`},
		{"application/json", `{"password":null,"token":true}`, `{"password":null,"token":"REDACTED"}`},
		{"application/json", `{"credentials":{"a":[1,"}"],"b":"]"},"x":1}`, `{"credentials":"REDACTED","x":1}`},
		{"application/json", `{"password":"a\"b\\","x":1}`, `{"password":"REDACTED","x":1}`},
		{"application/json", `{"p\u0061ssw\u006Frd":"x"}`, `{"p\u0061ssw\u006Frd":"REDACTED"}`},
		{"application/json", `{"password":"cut o`, `{"password":"REDACTED"`},
		{"application/json", `{"password":"cut\`, `{"password":"REDACTED"`},
		{"application/json", `{"password":`, `{"password":`},
		{"application/json", `{"password":{"a":"cut`, `{"password":"REDACTED"`},
		{"application/json", `{"passw`, `{"passw`},
		{"application/json", `{"code":0,"msg":"ok"}`, `{"code":0,"msg":"ok"}`},
		{"application/json", `{"url":"https://jo:pw@h.example/?token=abc"}`, `{"url":"https://h.example/?token=REDACTED"}`},
		{"application/json", `{"b":"{\"password\":\"x\\\"y\",\"a\":1}","c":2}`, `{"b":"{\"password\":\"REDACTED\",\"a\":1}","c":2}`},
		{"application/json", `{"b":"{\n \"c\":\"{\\\"pin\\\":\\\"1\\\"}\"}"}`, `{"b":"{\n \"c\":\"{\\\"pin\\\":\\\"REDACTED\\\"}\"}"}`},
		{"application/json", `["password","x"]`, `["password","x"]`},
		{"application/json", `{"password":'single, "quoted'}`, `{"password":"REDACTED"`},
		{"text/plain", "\ufeff\n [{\"pwd\":\"x\"}]", "\ufeff\n [{\"pwd\":\"REDACTED\"}]"},
		{"application/x-ndjson", "{\"pwd\":\"x\"}\n{\"pwd\":\"y\"}\n", "{\"pwd\":\"REDACTED\"}\n{\"pwd\":\"REDACTED\"}\n"},
		{"application/x-www-form-urlencoded", "user=jo&password=a+b%26&x=1", "user=jo&password=REDACTED&x=1"},
		{"application/x-www-form-urlencoded; charset=utf-8", "grant_type=authorization_code&code=abc", "grant_type=authorization_code&code=REDACTED"},
		{"", "client_secret=abc", "client_secret=REDACTED"},
		{"application/octet-stream", "password=abc", "password=abc"},
		{"text/xml", `<a><wsse:Password Type="T">x</wsse:Password><b>y</b></a>`, `<a><wsse:Password Type="T">REDACTED</wsse:Password><b>y</b></a>`},
		{"text/xml", `<password><![CDATA[x</b>]]></password>`, `<password>REDACTED</password>`},
		{"text/xml", `<password>cut`, `<password>REDACTED`},
		{"text/xml", `<login user="jo" password="a>b"/><password/><c>1</c>`, `<login user="jo" password="REDACTED"/><password/><c>1</c>`},
		{"text/xml", `<login password='cut`, `<login password='REDACTED`},
		{
			"multipart/form-data; boundary=B",
			"--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\ny\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n",
			"--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nREDACTED\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--\r\n",
		},
		{
			"multipart/form-data; boundary=B",
			"--B\r\nContent-Disposition: form-data; filename=\"name=x\"; name=token\r\n\r\nsecret cut",
			"--B\r\nContent-Disposition: form-data; filename=\"name=x\"; name=token\r\n\r\nREDACTED",
		},
		{"multipart/form-data", "-", "-"},
	} {
		if got := string(r.AppendBody(nil, []byte(c.ct), []byte(c.in))); got != c.want {
			t.Errorf("%s\n  in %q\n got %q\nwant %q", c.ct, c.in, got, c.want)
		}
	}
}

// secretNames hold in every kind of body.
var secretNames = []string{"password", "Api-Key", "access_token", "clientSecret", "db.passwd", "sessionid", "jwt"}

// FuzzSecretsNeverShow puts a generated secret below a sensitive name into
// every shape that is known, cuts it anywhere, and looks for the secret.
func FuzzSecretsNeverShow(f *testing.F) {
	f.Add("hunter2", uint8(0), uint16(999))
	f.Add("a\"b\\c", uint8(1), uint16(60))
	f.Add("x&y=z", uint8(2), uint16(70))
	f.Add("}],</;#?", uint8(3), uint16(50))
	r := New(Config{})
	f.Fuzz(func(t *testing.T, seed string, which uint8, cut uint16) {
		secret := "S3CR3T" + strings.ToValidUTF8(seed, "") + "T3RC3S"
		name := secretNames[int(which)%len(secretNames)]
		for _, s := range shapes(t, name, secret) {
			in := []byte(s.text)
			in = in[:min(len(in), int(cut))]
			var out []byte
			if s.target {
				out = r.AppendTarget(nil, in)
			} else {
				out = r.AppendBody(nil, []byte(s.contentType), in)
			}
			if bytes.Contains(out, []byte("S3CR3T")) || bytes.Contains(out, []byte("T3RC3S")) {
				t.Fatalf("%s shows the secret\n in %q\nout %q", s.contentType, in, out)
			}
		}
	})
}

type shape struct {
	contentType, text string
	target            bool
}

func shapes(t *testing.T, name, secret string) []shape {
	t.Helper()
	quoted := marshal(t, map[string]any{"a": "b", name: secret, "z": 1})
	nested := marshal(t, map[string]any{"payload": quoted, "y": []int{1}})
	deep := marshal(t, map[string]any{"x": map[string]any{name: []string{"q", secret}}})
	esc := escape(secret)
	return []shape{
		{"application/json", quoted, false},
		{"application/json", nested, false},
		{"application/json", deep, false},
		{"application/x-www-form-urlencoded", "a=b&" + name + "=" + esc + "&c=d", false},
		{"target", "/a/b?x=1&" + name + "=" + esc + "&c=d", true},
		{"target", "/a?to=" + escape("https://h.example/?q=1&"+name+"="+esc+"&r=2") + "&c=d", true},
		{"target", "http://jo:" + esc + "@h.example/a", true},
		{"text/xml", "<r><n:" + name + " a='1'>" + strings.NewReplacer("<", "&lt;", "&", "&amp;").Replace(secret) + "</n:" + name + "></r>", false},
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// escape encodes everything but letters and digits.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
		}
	}
	return b.String()
}

func FuzzAppendBody(f *testing.F) {
	f.Add([]byte("json"), []byte(`{"password":"x","a":"{\"b\":1}"`))
	f.Add([]byte("multipart/"), []byte("--B\r\nname=\"token\"\r\n\r\nx\r\n--B--"))
	f.Add([]byte("xml"), []byte("<password a='b'>x</password"))
	f.Add([]byte(""), []byte("--\n\n\n<=\"{\\\""))
	r := New(Config{})
	f.Fuzz(func(t *testing.T, ct, in []byte) {
		kept := bytes.Clone(in)
		out := r.AppendBody([]byte("before"), ct, in)
		if !bytes.HasPrefix(out, []byte("before")) || !bytes.Equal(in, kept) {
			t.Fatal("touched what is not its own")
		}
		if json.Valid(in) && formOf(ct, in) == formJSON && !json.Valid(out[6:]) {
			t.Fatalf("valid JSON became invalid\n in %q\nout %q", in, out[6:])
		}
	})
}

func BenchmarkAppendBodyJSON(b *testing.B) {
	r, buf, ct := New(Config{}), make([]byte, 0, 8192), []byte("application/json")
	in := []byte("[" + strings.Repeat(`{"id":4711,"name":"box","url":"https://h.example/a?b=c","password":"x"},`, 50) + "0]")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		buf = r.AppendBody(buf[:0], ct, in)
	}
}
