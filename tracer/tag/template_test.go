package tag

import (
	"bytes"
	"strings"
	"testing"
)

func TestAppendTemplate(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"/", "/"},
		{"", ""},
		{"*", "*"},
		{"server.example:443", "server.example:443"},
		{"/users/4711", "/users/{id}"},
		{"/users/4711/", "/users/{id}/"},
		{"/users/4711/orders/0a1b2c3d", "/users/{id}/orders/{id}"},
		{"/users/4711?full=1", "/users/{id}"},
		{"/users/4711#top", "/users/{id}"},
		{"http://user:pw@shop.example/cart/9?x", "/cart/{id}"},
		{"http://shop.example?x=/a/b", "/"},
		{"/a;jsessionid=AB12/b;v=1", "/a/b"},
		{"//double//7", "//double//{id}"},
		{"/v1/items", "/v1/items"},
		{"/api/v2.1/items", "/api/v2.1/items"},
		{"/api/1.0/items", "/api/1.0/items"},
		{"/pkg/2.4.1/file", "/pkg/2.4.1/file"},
		{"/net/192.0.2.7", "/net/{id}"},
		{"/index.html", "/index.html"},
		{"/img/4711.jpg", "/img/{id}.jpg"},
		{"/img/0123456789abcdef.webp", "/img/{id}.webp"},
		{"/static/app.3f2a9c81.js", "/static/app.3f2a9c81.js"},
		{"/day/2024-01-02", "/day/{id}"},
		{"/at/52.52,13.40", "/at/{id}"},
		{"/facade", "/facade"},
		{"/deadbeef", "/{id}"},
		{"/DEADBEEF01", "/{id}"},
		{"/o/123e4567-e89b-12d3-a456-426614174000/x", "/o/{id}/x"},
		{"/o/123e4567-e89b-12d3-a456-42661417400g", "/o/{id}"},
		{"/getUserAccountDetails", "/getUserAccountDetails"},
		{"/product-catalog-v2-beta", "/product-catalog-v2-beta"},
		{"/s3-bucket-ec2-instance", "/s3-bucket-ec2-instance"},
		{"/AddLineItemToCartV2", "/AddLineItemToCartV2"},
		{"/t/V1StGXR8_Z5jdHi6B-myT", "/t/{id}"},
		{"/t/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/t/{id}"},
		{"/t/dGhpcyBpcyBhIHRlc3Q=", "/t/{id}"},
		{"/u/jo@mail.example", "/u/{id}"},
		{"/u/jo%40mail.example", "/u/{id}"},
		{"/npm/@scope/name", "/npm/@scope/name"},
		{"/q/%7Bx%7D/%2F", "/q/%7Bx%7D/%2F"},
		{"/-/health", "/-/health"},
		{"/./..", "/./.."},
		{"/user-4711", "/user-4711"},
	} {
		if got := string(AppendTemplate(nil, []byte(c.path))); got != c.want {
			t.Errorf("%q: got %q, want %q", c.path, got, c.want)
		}
	}
}

func TestAppendTemplateAppendsAndIsBounded(t *testing.T) {
	if got := string(AppendTemplate([]byte("GET "), []byte("/a/1"))); got != "GET /a/{id}" {
		t.Errorf("got %q", got)
	}
	long := "/" + strings.Repeat("word/", 200)
	got := string(AppendTemplate(nil, []byte(long)))
	if len(got) > MaxTemplate || !strings.HasSuffix(got, "/word/*") {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	if got := string(AppendTemplate(nil, []byte("/"+strings.Repeat("x", 5000)))); got != "/*" {
		t.Errorf("one long segment: %q", got)
	}
}

func TestTemplatesAreBoundedPerService(t *testing.T) {
	ts := NewTemplates(2, 3)
	for i, want := range []bool{true, true, true, false, false} {
		if got := ts.Admit([]byte("web"), []byte{byte('a' + i)}); got != want {
			t.Errorf("template %d: %v", i, got)
		}
	}
	if !ts.Admit([]byte("web"), []byte("a")) {
		t.Error("a known template was refused")
	}
	ts.Admit([]byte("db"), []byte("a"))
	for i, want := range []bool{true, true, true, false} { // services 3 to 6 share one list
		if got := ts.Admit([]byte{byte('A' + i)}, []byte{byte('a' + i)}); got != want {
			t.Errorf("service %d: %v", i, got)
		}
	}
	if ts.Overflow() != 3 {
		t.Errorf("overflow %d, want 3", ts.Overflow())
	}
}

func TestNoAllocations(t *testing.T) {
	buf, path := make([]byte, 0, 512), []byte("/users/4711/orders/123e4567-e89b-12d3-a456-426614174000?x=1")
	ts, svc := NewTemplates(10, 10), []byte("web")
	r, err := ParseRoutes([]string{"/users/:id/orders/:order"})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		buf = AppendTemplate(buf[:0], path)
		ts.Admit(svc, buf)
		r.Match(path)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppendTemplate(f *testing.F) {
	for _, s := range []string{"/a/1;x/2.jpg?q", "http://h/a", "/%40@", "/--/1.2/=="} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, path []byte) {
		in := bytes.Clone(path)
		got := AppendTemplate(nil, path)
		if len(got) > MaxTemplate {
			t.Fatalf("%d bytes", len(got))
		}
		if !bytes.Equal(in, path) {
			t.Fatal("input was written to")
		}
		if bytes.ContainsAny(got, "?#;") {
			t.Fatalf("query in %q", got)
		}
	})
}

func BenchmarkAppendTemplate(b *testing.B) {
	buf, path := make([]byte, 0, 512), []byte("/api/v1/users/4711/orders/123e4567-e89b-12d3-a456-426614174000?x=1")
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendTemplate(buf[:0], path)
	}
}

// The pass over plain segments must give what the general way gives.
func FuzzPlainTemplate(f *testing.F) {
	for _, s := range []string{"/api/orders/17", "/", "", "//a//9/", "/deadbeef/x", "/a;b/7", "/v1/0?x", "/a_-/00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, path []byte) {
		got, n := appendPlain(nil, path)
		if want := AppendTemplate(nil, append(bytes.Clone(path[:n]), "?"...)); n > 0 && n <= MaxTemplate-2 && !bytes.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", path[:n], got, want)
		}
	})
}
