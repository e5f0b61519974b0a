package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
)

// generator writes random valid messages (RFC 9112).
type generator struct{ *rand.Rand }

func (g generator) pick(s ...string) string { return s[g.IntN(len(s))] }

func (g generator) fields(b *strings.Builder) {
	for range g.IntN(6) {
		fmt.Fprintf(b, "%s:%s%s%s\r\n", g.pick("Accept", "x-request-id", "COOKIE", "X-Odd!#$", "Via"), g.pick("", " ", "\t "), g.pick("", "a", "b, c; d=\"e\"", "x:y"), g.pick("", " "))
	}
}

// body writes framing fields, the empty line and the body.
func (g generator) body(b *strings.Builder) {
	data := strings.Repeat(g.pick("a", "GET / HTTP/1.1\r\n\r\n", "\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\n"), g.IntN(20))
	switch g.IntN(3) {
	case 0:
		fmt.Fprintf(b, "%s: %d\r\n\r\n%s", g.pick("Content-Length", "content-length"), len(data), data)
	case 1:
		b.WriteString("Transfer-Encoding: " + g.pick("chunked", "Chunked") + "\r\n\r\n")
		for len(data) > 0 {
			n := 1 + g.IntN(len(data))
			fmt.Fprintf(b, "%s%x%s\r\n%s\r\n", g.pick("", "0", "000"), n, g.pick("", ";a", ";a=\"b\""), data[:n])
			data = data[n:]
		}
		b.WriteString("0\r\n" + g.pick("", "X-Trailer: 1\r\n") + "\r\n")
	default:
		b.WriteString("Content-Length: 0\r\n\r\n")
	}
}

// Requests and responses of a connection, as net/http reads them.
func TestOracle(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(7, 11))}
	for round := range 400 {
		var up, down strings.Builder
		n := 1 + g.IntN(5)
		for range n {
			method := g.pick("GET", "POST", "PUT", "HEAD", "OPTIONS", "CUSTOM")
			fmt.Fprintf(&up, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, g.pick("/", "/a/b?c=d", "http://u:p@abs.example/p?q", "/%7Euser"), g.pick("h.example", "h:81", "[::1]:80"))
			g.fields(&up)
			g.body(&up)
			code := g.pick("200 OK", "404 Not Found", "500 ", "201 Created", "304 Not Modified", "204 No Content")
			fmt.Fprintf(&down, "HTTP/1.1 %s\r\n", code)
			g.fields(&down)
			switch {
			case method == "HEAD" || code[0] == '3' || code == "204 No Content":
				down.WriteString(g.pick("", "X: y\r\n") + "\r\n")
			default:
				g.body(&down)
			}
		}
		want := oracle(t, up.String(), down.String(), n)
		got := told(t, round, up.String(), down.String(), g)
		if got != want {
			t.Fatalf("round %d:\n%q\n%q\nwant\n%sgot\n%s", round, up.String(), down.String(), want, got)
		}
	}
}

func oracle(t *testing.T, up, down string, n int) string {
	var s strings.Builder
	rb, wb := bufio.NewReader(strings.NewReader(up)), bufio.NewReader(strings.NewReader(down))
	for range n {
		r, err := http.ReadRequest(rb)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", up, err)
		}
		size, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&s, "%s %s %s %q body %d\n", r.Method, r.URL.RequestURI(), r.Host, r.Header["X-Request-Id"], size)
		w, err := http.ReadResponse(wb, r)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", down, err)
		}
		size, err = io.Copy(io.Discard, w.Body)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&s, "%d %q body %d\n", w.StatusCode, w.Header["X-Request-Id"], size)
	}
	return s.String()
}

// told is what the parser says of the same bytes, in random pieces.
func told(t *testing.T, round int, up, down string, g generator) string {
	p := New(options(t, 0))
	var out l7.Emitter
	var said [2][]string
	read := func(dir l7.Dir, text string) {
		var carry []byte
		var skip int64
		for len(text) > 0 {
			n := 1 + g.IntN(min(len(text), 200))
			carry, text = append(carry, text[:n]...), text[n:]
			for len(carry) > 0 {
				if skip > 0 {
					k := min(skip, int64(len(carry)))
					carry, skip = carry[k:], skip-k
					continue
				}
				in := bytes.Clone(carry)
				s, err := p.Parse(dir, in, &out)
				if err != nil {
					t.Fatalf("round %d: %v at %q", round, err, carry)
				}
				if m, _, ok := out.Take(); ok {
					var ids []string
					for _, id := range m.IDs {
						ids = append(ids, string(id.Value))
					}
					size := max(m.Size, 0)
					switch m.Kind {
					case l7.Request:
						said[dir] = append(said[dir], fmt.Sprintf("%s %s %s %q body %d\n", m.Op, m.Resource, m.Host, ids, size))
					case l7.Response:
						said[dir] = append(said[dir], fmt.Sprintf("%d %q body %d\n", m.Code, ids, size))
					case l7.End:
						last := &said[dir][len(said[dir])-1]
						*last = strings.TrimSuffix(*last, "0\n") + fmt.Sprintf("%d\n", size)
					}
				}
				carry, skip = carry[s.Consumed:], s.Skip
				if s.Consumed == 0 && s.Skip == 0 {
					break
				}
			}
		}
		if len(carry) > 0 || skip > 0 {
			t.Fatalf("round %d: %q is left, %d to skip", round, carry, skip)
		}
	}
	read(l7.ToServer, up)
	read(l7.ToClient, down)
	var s strings.Builder
	for i := range said[0] {
		s.WriteString(said[0][i])
		if i < len(said[1]) {
			s.WriteString(said[1][i])
		}
	}
	return s.String()
}
