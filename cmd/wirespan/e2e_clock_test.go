package main

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// retime returns a little-endian pcap with other packet times: when gets the
// number of a packet and its time in microseconds.
func retime(b []byte, when func(i int, us int64) int64) []byte {
	b = bytes.Clone(b)
	for at, i := 24, 0; at+16 <= len(b); i++ {
		us := when(i, int64(binary.LittleEndian.Uint32(b[at:]))*1e6+int64(binary.LittleEndian.Uint32(b[at+4:])))
		binary.LittleEndian.PutUint32(b[at:], uint32(us/1e6))
		binary.LittleEndian.PutUint32(b[at+4:], uint32(us%1e6))
		at += 16 + int(binary.LittleEndian.Uint32(b[at+8:]))
	}
	return b
}

// TestClockFaults holds that captures whose clock fails do not break timers:
// what was asked is still answered, and linked.
func TestClockFaults(t *testing.T) {
	t.Parallel()
	whole := readFile(t, goldenCapture("http-siblings"))
	want := forestOf(spansOf(t, goldenCapture("http-siblings")))
	second := 0 // the packet with the second request
	for !bytes.Contains(whole[packetAt(whole, second):packetAt(whole, second+1)], []byte("GET /sequence")) {
		second++
	}
	for name, when := range map[string]func(i int, us int64) int64{
		"one packet without time": func(i int, us int64) int64 {
			if i == 24 {
				return 0
			}
			return us
		},
		"one packet from the past": func(i int, us int64) int64 {
			if i == 24 {
				return us - 256e6
			}
			return us
		},
		"set back by an hour before the second request": func(i int, us int64) int64 {
			if i >= second {
				return us - 3600e6
			}
			return us
		},
		"a day of silence before the second request": func(i int, us int64) int64 {
			if i >= second {
				return us + 86400e6
			}
			return us
		},
		"no times at all": func(int, int64) int64 { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spans := spansOf(t, writeFile(t, "clock.pcap", retime(whole, when)))
			for i := range spans {
				if s := &spans[i]; s.outcome() != "200" {
					t.Errorf("%s: %s", s.what(), s.outcome())
				}
			}
			// a connection that goes on keeps its clock, a new one has the new
			// one: times of theirs cannot be compared
			if !strings.HasPrefix(name, "no ") && !strings.HasPrefix(name, "set back") {
				lines := func(s string) []string { l := strings.Split(s, "\n"); slices.Sort(l); return l }
				if d := cmp.Diff(lines(want), lines(forestOf(spans))); d != "" {
					t.Errorf("trees (-want +got):\n%s", d)
				}
			} else if len(spans) != 7 {
				t.Errorf("%d spans, want 7", len(spans))
			}
		})
	}
}

// TestLateAnswers holds that an answer which comes after the request was given
// up is not taken for the answer to the next one, nor for one without request.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	methods := readFile(t, goldenCapture("http-methods"))
	first := 0 // the first answer
	for !bytes.Contains(methods[packetAt(methods, first):packetAt(methods, first+1)], []byte("HTTP/1.1 200")) ||
		bytes.Contains(methods[packetAt(methods, first):packetAt(methods, first+1)], []byte("HEAD ")) {
		first++
	}
	spans := spansOf(t, writeFile(t, "late.pcap", retime(methods, func(i int, us int64) int64 {
		if i >= first {
			us += 40e6
		}
		return us
	})))
	want := wantTree(`
		HEAD /plain @192.0.2.30:9000 timeout
		GET /empty @192.0.2.30:9000 204
		GET /gone @192.0.2.30:9000 404
		GET /broken @192.0.2.30:9000 500
		DELETE /plain @192.0.2.30:9000 200`)
	if d := cmp.Diff(want, forestOf(spans)); d != "" {
		t.Errorf("the first answer comes after 40 s (-want +got):\n%s", d)
	}

	pipeline := readFile(t, goldenCapture("http-pipeline"))
	spans = spansOf(t, writeFile(t, "late.pcap", retime(pipeline, func(i int, us int64) int64 {
		if bytes.Contains(pipeline[packetAt(pipeline, i):packetAt(pipeline, i+1)], []byte("HTTP/1.1 200")) || i > 5 {
			us += 40e6
		}
		return us
	})))
	for i := range spans {
		if s := &spans[i]; s.outcome() != "timeout" || s.str("url.path") == "" {
			t.Errorf("five requests were given up, yet there is %s %s", s.what(), s.outcome())
		}
	}
	if len(spans) != 5 {
		t.Errorf("%d spans, want 5:\n%s", len(spans), forestOf(spans))
	}

	dns := readFile(t, goldenCapture("dns-tcp"))
	spans = spansOf(t, writeFile(t, "late.pcap", retime(dns, func(i int, us int64) int64 {
		if i >= 9 {
			us += 40e6
		}
		return us
	})))
	if len(spans) < 2 || len(spans) > 4 {
		t.Errorf("two questions give %d spans:\n%s", len(spans), forestOf(spans))
	}
}
