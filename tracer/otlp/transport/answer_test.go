package transport

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wirespan/wirespan/tracer/redact"
	"github.com/wirespan/wirespan/tracer/sink"
)

// partialAnswer is an ExportTraceServiceResponse.
func partialAnswer(rejected uint64, words string) []byte {
	var p []byte
	p = protowire.AppendVarint(protowire.AppendTag(p, 1, protowire.VarintType), rejected)
	p = protowire.AppendString(protowire.AppendTag(p, 2, protowire.BytesType), words)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), p)
}

func TestPartial(t *testing.T) {
	var none redact.Secrets
	for _, whole := range [][]byte{nil, {0x0a, 0}, {0xff}, {0x12, 1, 'x'}, partialAnswer(0, "")} {
		if err := partial(none, whole); err != nil {
			t.Errorf("%x: %v", whole, err)
		}
	}
	var p *sink.PartialError
	if err := partial(none, partialAnswer(7, "too old")); !errors.As(err, &p) || p.Rejected != 7 || p.Err.Error() != "too old" {
		t.Errorf("%v", err)
	}
	if err := partial(none, partialAnswer(0, "warning")); !errors.As(err, &p) || p.Rejected != 0 || p.Err.Error() != "warning" {
		t.Errorf("%v", err)
	}
	if err := partial(none, partialAnswer(1<<63, "")); !errors.As(err, &p) || p.Rejected != 1<<31-1 {
		t.Errorf("%v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "x": 0, "-1": 0, "7": 7 * time.Second, " 0 ": 0, "99999999999": maxAfter * time.Second,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:00:00 GMT": 0,
	} {
		if got := retryAfter(v, now); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(partialAnswer(3, "words"))
	f.Add([]byte{0x0a, 4, 0x08, 1, 0x10, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := redact.Secrets{"secret"}
		var p *sink.PartialError
		if err := partial(s, b); err != nil && (!errors.As(err, &p) || p.Rejected < 0 || p.Err == nil) {
			t.Fatalf("%v", err)
		}
		if d := retryDelay(b); d < 0 || d > (maxAfter+1)*time.Second {
			t.Fatalf("delay %v", d)
		}
		if words := s.Words(statusMessage(b), maxMessage); strings.Contains(words, "secret") || !utf8.ValidString(words) {
			t.Fatalf("%q", words)
		}
	})
}
