package tag

import (
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	r, err := ParseRoutes([]string{
		"/", "/users/:id", "/users/me", "/users/{id}/orders/{order}", "/static/*", "/files/{path...}",
		"/a/*/c", "/a/b/d", "/x/**", "/users/:id/orders/latest",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{"/", "/"},
		{"/users/1", "/users/:id"},
		{"/users/1/", "/users/:id"},
		{"/users/me", "/users/me"},
		{"/users", ""},
		{"/users//", ""},
		{"/users/1/orders/2?x=1", "/users/{id}/orders/{order}"},
		{"/users/1/orders/latest", "/users/:id/orders/latest"},
		{"/users/me/orders/2", "/users/{id}/orders/{order}"},
		{"/static", "/static/*"},
		{"/static/css/a.css", "/static/*"},
		{"/files/a/b/c", "/files/{path...}"},
		{"/a/b/c", "/a/*/c"},
		{"/a/b/d", "/a/b/d"},
		{"/a/z/d", ""},
		{"/x/1/2/3", "/x/**"},
		{"http://h.example/users/7", "/users/:id"},
		{"*", ""},
		{"", ""},
	} {
		if got, ok := r.Match([]byte(c.path)); got != c.want || ok != (c.want != "") {
			t.Errorf("%q: %q %v, want %q", c.path, got, ok, c.want)
		}
	}
}

func TestRoutesZeroMatchesNothing(t *testing.T) {
	if p, ok := new(Routes).Match([]byte("/a")); ok {
		t.Errorf("got %q", p)
	}
}

func TestParseRoutesReportsAllFaults(t *testing.T) {
	_, err := ParseRoutes([]string{"users", "/a/**/b", "/a/{b", "/u/:id", "/u/{name}", "/" + strings.Repeat("a/", 100)})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"users": must begin`, `"**" must be the last`, `"{b" mixes`, `same paths as "/u/:id"`, "100 segments"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add("/a/:b\n/a/*\n/{c}/d", "/a/d")
	f.Fuzz(func(t *testing.T, list, path string) {
		r, err := ParseRoutes(strings.Split(list, "\n"))
		if err != nil {
			return
		}
		if p, ok := r.Match([]byte(path)); ok && !strings.Contains("\n"+list+"\n", "\n"+p+"\n") {
			t.Fatalf("matched %q, which is not in the list", p)
		}
	})
}

func BenchmarkRoutes(b *testing.B) {
	r, err := ParseRoutes([]string{"/users/:id", "/users/:id/orders/:order", "/static/*", "/a/b/c"})
	if err != nil {
		b.Fatal(err)
	}
	path := []byte("/users/4711/orders/12?x=1")
	b.ReportAllocs()
	for b.Loop() {
		r.Match(path)
	}
}
