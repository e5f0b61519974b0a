package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// TestStoredExchange: a span that was stored names the packets that it named before.
func TestStoredExchange(t *testing.T) {
	client, server := [16]byte{10: 0xff, 11: 0xff, 12: 192, 14: 2, 15: 1}, [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: 1}
	for _, kind := range []span.Kind{span.Server, span.Client} {
		var a span.Attrs
		a = span.AppendAddr(a, span.KeyNetworkPeerAddress, &client)
		a = span.AppendInt(a, span.KeyNetworkPeerPort, 40000)
		a = span.AppendAddr(a, span.KeyNetworkLocalAddress, &server)
		a = span.AppendInt(a, span.KeyNetworkLocalPort, 80)
		a = span.AppendString(a, span.KeyNetworkTransport, "tcp")
		a = span.AppendString(a, span.KeyCapturePoint, "eth0")
		a = span.AppendInt(a, span.KeySeqRequest, 1<<31+5)
		a = span.AppendInt(a, span.KeyPhaseConnect, 7)
		want, ok := exchangeOf(&span.Span{Start: 5, End: 9, Kind: kind, Attrs: a})
		if !ok {
			t.Fatal("no exchange")
		}
		s := store.Span{Start: 5, End: 9, Kind: kind, Signal: store.NET}
		keys := span.NewKeys()
		for at := range a.All {
			v := store.IntValue(at.Num)
			if at.Type != span.TypeInt {
				v = store.StringValue(string(at.AppendText(nil)))
			}
			s.Attrs = append(s.Attrs, store.Attr{Key: keys.Name(at.Key), Value: v})
		}
		if got, ok := storedExchange(&s); !ok || got != want {
			t.Errorf("%v: %+v, want %+v", kind, got, want)
		}
		s.Signal = store.APP
		if _, ok := storedExchange(&s); ok {
			t.Error("an SDK has no packets")
		}
	}
	var none recentPackets
	if err := none.WritePackets(t.Context(), &store.Span{Signal: store.NET}, io.Discard); !errors.Is(err, api.ErrNoPackets) || none.Recording() {
		t.Errorf("%v", err)
	}
	b := bounded{left: 3}
	if _, err := b.Write([]byte("ab")); err != nil {
		t.Error(err)
	}
	if _, err := b.Write([]byte("cd")); !errors.Is(err, errCutTooLong) {
		t.Errorf("%v", err)
	}
}

// TestLivePackets: what --record keeps is handed out by span, and can be read again.
func TestLivePackets(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.nginx(t)
	may, mayNot := strings.Repeat("may-have-packets", 3), strings.Repeat("may-read", 6)
	tokens := writeFile(t, "tokens", []byte("read,packets ops "+may+"\nread guests "+mayNot+"\n"))
	w := l.live(t, "-i", "vb", "--ui", "127.0.0.1:16680", "--tokens", tokens, "--record", "8MiB", "--record-payload")
	token := may
	curl := func(args ...string) []byte {
		b, err := l.in(l.server, append([]string{toolPath(t, "curl"), "-sS", "--max-time", "10", "-H", "Authorization: Bearer " + token}, args...)...).Output()
		if err != nil {
			t.Logf("curl %s: %v", args, err)
		}
		return b
	}
	for range 3 {
		if err := l.in(l.client, toolPath(t, "curl"), "-sS", "--max-time", "10", "-o", "/dev/null", "http://10.79.0.2:8080/recorded").Run(); err != nil {
			t.Fatal(err)
		}
	}
	var found api.Spans
	waitFor(t, func() bool {
		return json.Unmarshal(curl("http://127.0.0.1:16680/api/v1/spans?attribute=url.path%3D/recorded"), &found) == nil && len(found.Spans) == 3
	})
	id := found.Spans[1].SpanID
	b := curl("http://127.0.0.1:16680/api/v1/spans/" + id + "/packets")
	if !bytes.HasPrefix(b, []byte{0x0a, 0x0d, 0x0d, 0x0a}) { // pcapng, section header
		t.Fatalf("%.300s", b)
	}
	file := writeFile(t, "span.pcapng", b)
	r := wirespan(t, "read", file, "--out", "ndjson", "--summary=false")
	if r.code != 0 || strings.Count(r.stdout, "\n") != 1 || !strings.Contains(r.stdout, `/recorded`) {
		t.Errorf("%d %s%.2000s", r.code, r.stderr, r.stdout)
	}
	if code := curl("-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:16680/api/v1/spans/00000000000000aa/packets"); string(code) != "404" {
		t.Errorf("a span that is not there: %s", code)
	}
	token = mayNot
	if code := curl("-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:16680/api/v1/spans/"+id+"/packets"); string(code) != "403" {
		t.Errorf("without the right: %s", code)
	}
	w.interrupt(t)
}
