package tls_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/http1"
	"github.com/wirespan/wirespan/l7/l7test"
	"github.com/wirespan/wirespan/l7/tls"
	"github.com/wirespan/wirespan/l7/tlskeys"
)

// keyed is TLS with a source of keys.
func keyed(source l7.KeySource) l7.Proto {
	p := tls.Proto()
	create := p.New
	p.New = func(o l7.Options) l7.Parser {
		o.Keys = source
		return create(o)
	}
	return p
}

func keyLog(t testing.TB, path string) *tlskeys.Table {
	t.Helper()
	tab := tlskeys.New()
	if err := tab.OpenLog(path, false); err != nil {
		t.Fatal(err)
	}
	return tab
}

// inside lists what is not the handshake.
func inside(r *l7test.Result) (list []string) {
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			switch {
			case m.Op == "handshake" || m.Kind == "response" && m.Code == 0 && len(m.Attrs) > 0 && strings.HasPrefix(m.Attrs[0], "tls."):
			case m.Kind == "request":
				list = append(list, m.Op+" "+m.Resource)
			default:
				list = append(list, fmt.Sprint(m.Kind, " ", m.Code, " ", m.Op))
			}
		}
	}
	return list
}

func TestDeciphered(t *testing.T) {
	files, err := filepath.Glob("testdata/keyed/*.pcap")
	if err != nil || len(files) < 18 {
		t.Fatal(files, err)
	}
	www := []string{"GET /one", "response 200 "}
	shop := []string{"GET /a", "response 200 ", "GET /none", "response 404 ", "GET /b", "response 200 "}
	want := map[string][]string{
		"nginx-http1-tls12": shop, "nginx-http1-tls13": shop, "nginx-http2-tls13": nil,
		"tls13-update": {"GET /one", "response 200 ", "GET /two", "response 200 "},
		"tls13-early":  {"GET /early", "response 200 "},
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".pcap")
		t.Run(name, func(t *testing.T) {
			expected, special := want[name]
			if !special {
				expected = www
			}
			r, err := l7test.PlayCapture(f, keyed(keyLog(t, strings.TrimSuffix(f, ".pcap")+".keys")), http1.Proto())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(expected, inside(r)); d != "" {
				t.Error(d)
			}
			for _, f := range r.Faults {
				t.Error(f)
			}
			if st := r.Stats; st.Deciphered == 0 {
				t.Error("nothing was deciphered")
			}
		})
	}
}

// TestPrivateKey deciphers with the server's key alone what was enciphered to it.
func TestPrivateKey(t *testing.T) {
	tab := tlskeys.New()
	if err := tab.OpenKey("testdata/keyed/server.key"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"tls12-rsa": 2, "tls12-rsa-gcm": 2, "tls10-rsa-cbc": 2, "tls12-gcm": 0} {
		r, err := l7test.PlayCapture("testdata/keyed/"+name+".pcap", keyed(tab), http1.Proto())
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, m := range inside(r) {
			if m == "GET /one" || m == "response 200 " {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %d messages, want %d: %q", name, got, want, inside(r))
		}
	}
}

// TestSecretsStay makes sure that nothing told holds a secret.
func TestSecretsStay(t *testing.T) {
	b, err := os.ReadFile("testdata/keyed/nginx-http1-tls13.keys")
	if err != nil {
		t.Fatal(err)
	}
	r, err := l7test.PlayCapture("testdata/keyed/nginx-http1-tls13.pcap", keyed(keyLog(t, "testdata/keyed/nginx-http1-tls13.keys")), http1.Proto())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(b)) {
		if len(word) > 40 && strings.Contains(string(r.JSON()), word) {
			t.Errorf("%s is told", word)
		}
	}
}
