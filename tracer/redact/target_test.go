package redact

import (
	"bytes"
	"testing"
)

func TestAppendTarget(t *testing.T) {
	r := New(Config{})
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"/", "/"},
		{"*", "*"},
		{"/a?x=1&y=2", "/a?x=1&y=2"},
		{"/a?password=hunter2", "/a?password=REDACTED"},
		{"/a?PassWord=hunter2&x=1", "/a?PassWord=REDACTED&x=1"},
		{"/a?x=1;token=abc;y=2", "/a?x=1;token=REDACTED;y=2"},
		{"/a?token=ab;cd&y=2", "/a?token=REDACTED&y=2"},
		{"/a?token=a=b==&y=2", "/a?token=REDACTED&y=2"},
		{"/a?token=a?b/c&y=2", "/a?token=REDACTED&y=2"},
		{"/a?token=", "/a?token="},
		{"/a?token", "/a?token"},
		{"/a?token&x=1", "/a?token&x=1"},
		{"/a?p%61ssword=x", "/a?p%61ssword=REDACTED"},
		{"/a?%2570assword=x", "/a?%2570assword=REDACTED"},
		{"/a?token%3Dabc", "/a?token%3DREDACTED"},
		{"/a?user[password]=x&user[name]=jo", "/a?user[password]=REDACTED&user[name]=jo"},
		{"/a?user%5Bpassword%5D=x", "/a?user%5Bpassword%5D=REDACTED"},
		{"/a?accessToken=x&api-key=y&X-Amz-Signature=z", "/a?accessToken=REDACTED&api-key=REDACTED&X-Amz-Signature=REDACTED"},
		{"/a?X-Amz-Credential=AK%2F2026&X-Amz-Date=2026", "/a?X-Amz-Credential=REDACTED&X-Amz-Date=2026"},
		{"/cb?code=4%2F0Ab&state=1", "/cb?code=REDACTED&state=1"},
		{"/a?monkey=1&keyboard=2&design=3&author=4&tokens=5", "/a?monkey=1&keyboard=2&design=3&author=4&tokens=5"},
		{"/a;jsessionid=ABC/b?x=1", "/a;jsessionid=REDACTED/b?x=1"},
		{"/a;v=1;sid=ABC", "/a;v=1;sid=REDACTED"},
		{"/a#access_token=abc&x=1", "/a#access_token=REDACTED&x=1"},
		{"/a?x=1#access_token=abc", "/a?x=1#access_token=REDACTED"},
		{"http://jo:pw@host.example/a?x=1", "http://host.example/a?x=1"},
		{"http://jo:p@w@host.example:80/a", "http://host.example:80/a"},
		{"http://host.example/a@b", "http://host.example/a@b"},
		{"http://host.example?mail=a@b", "http://host.example?mail=a@b"},
		{"jo:pw@host.example:443", "host.example:443"},
		{"host.example:443", "host.example:443"},
		{"/go?to=https%3A%2F%2Fjo%3Apw%40host.example%2Fx", "/go?to=https%3A%2F%2Fhost.example%2Fx"},
		{"/go?to=https://h.example/x?token=abc&y=1", "/go?to=https://h.example/x?token=REDACTED&y=1"},
		{"/go?to=%2Fx%3Fa%3D1%26token%3Dabc%26y%3D2&z=3", "/go?to=%2Fx%3Fa%3D1%26token%3DREDACTED%26y%3D2&z=3"},
		{"/go?to=%252Fx%253Ftoken%253Dabc%2526y%253D2", "/go?to=%252Fx%253Ftoken%253DREDACTED%2526y%253D2"},
		{`/q?f={"user":"jo","password":"a,b"}&x=1`, `/q?f={"user":"jo","password":REDACTED&x=1`},
		{"/q?f=%7B%22password%22%3A%22abc%22%7D&x=1", "/q?f=%7B%22password%22%3AREDACTED&x=1"},
		{"/a?sort=key:asc", "/a?sort=key:asc"},
		{"/a?%=1&%4=2&token%=3&x=%", "/a?%=1&%4=2&token%=REDACTED&x=%"},
		{"/a?&&==&=x&?", "/a?&&==&=x&?"},
	} {
		if got := string(r.AppendTarget(nil, []byte(c.in))); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestConfig(t *testing.T) {
	in := []byte("/a?password=x&tan=y&ref_no=z")
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Off: true}, "/a?password=x&tan=y&ref_no=z"},
		{Config{MoreNames: []string{"TAN"}}, "/a?password=REDACTED&tan=REDACTED&ref_no=z"},
		{Config{Names: []string{"ref*"}}, "/a?password=x&tan=y&ref_no=REDACTED"},
		{Config{Names: []string{}}, "/a?password=x&tan=y&ref_no=z"},
	} {
		if got := string(New(c.cfg).AppendTarget(nil, in)); got != c.want {
			t.Errorf("%+v: %s", c.cfg, got)
		}
	}
	if err := (Config{MoreNames: []string{"*", "--"}, Headers: []string{"x"}}).Validate(); err == nil {
		t.Error("empty patterns passed")
	}
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	var zero Redactor
	if got := string(zero.AppendTarget(nil, in)); got != string(in) {
		t.Errorf("zero Redactor: %s", got)
	}
}

func TestHeader(t *testing.T) {
	r := New(Config{MoreHeaders: []string{"X-Tan"}})
	for _, name := range []string{
		"authorization", "Authorization", "PROXY-AUTHORIZATION", "Cookie", "set-cookie", "X-Api-Key", "x-auth-token",
		"X-Amz-Security-Token", "X-Vault-Token", "x-csrf-token", "x-tan", "X-Goog-Iap-Jwt-Assertion", "X-Session-Id",
	} {
		if !r.Header([]byte(name)) {
			t.Errorf("%s is kept", name)
		}
	}
	for _, name := range []string{
		"host", "User-Agent", "X-Request-ID", "traceparent", "b3", "content-type", "WWW-Authenticate", "Sec-WebSocket-Key", "",
		"x-datadog-trace-id", "uber-trace-id", "x-correlation-id",
	} {
		if r.Header([]byte(name)) {
			t.Errorf("%s is redacted", name)
		}
	}
	if New(Config{Off: true}).Header([]byte("cookie")) {
		t.Error("off, but redacted")
	}
}

func TestNoAllocations(t *testing.T) {
	r, buf := New(Config{}), make([]byte, 0, 1024)
	target := []byte("http://a:b@h.example/x?user[password]=1&to=%2F%3Ftoken%3Dx&y=1")
	body, ct := []byte(`{"a":"b","p\u0061ssword":"x","n":"{\"token\":\"y\"}","k":[1,{"pin":1}]}`), []byte("application/json")
	form, xml := []byte("a=1&password=2"), []byte("<a><password x='1'>s</password></a>")
	if n := testing.AllocsPerRun(100, func() {
		buf = r.AppendTarget(buf[:0], target)
		buf = r.AppendBody(buf[:0], ct, body)
		buf = r.AppendBody(buf[:0], nil, form)
		buf = r.AppendBody(buf[:0], nil, xml)
		r.Header(form)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppendTarget(f *testing.F) {
	f.Add([]byte("http://a:b@c/?x=%3Ftoken%3D1;key=%"))
	f.Add([]byte(`/?f={"password":"x"}`))
	f.Add([]byte("/a;sid=%25%2525%253D"))
	r := New(Config{})
	f.Fuzz(func(t *testing.T, in []byte) {
		kept := bytes.Clone(in)
		for _, dst := range [][]byte{nil, []byte("before")} {
			out := r.AppendTarget(dst, in)
			if !bytes.HasPrefix(out, dst) {
				t.Fatal("what was there before is gone")
			}
		}
		if !bytes.Equal(in, kept) {
			t.Fatal("input was written to")
		}
	})
}

func BenchmarkAppendTarget(b *testing.B) {
	r, buf := New(Config{}), make([]byte, 0, 1024)
	in := []byte("/api/v1/users/4711/orders?page=2&size=50&sort=created&access_token=0123456789abcdef")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		buf = r.AppendTarget(buf[:0], in)
	}
}
