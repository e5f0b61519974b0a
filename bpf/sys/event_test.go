package sys

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func examples() []Event {
	local, remote := [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 1}, [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 9}
	return []Event{
		{
			Type: IO, Direction: Sent, Flags: First, Length: 178, Time: 1700000000123456789, TGID: 7, TID: 9, Goroutine: 33, Parent: 1, Cookie: 77,
			Local: local, Remote: remote, LocalPort: 8080, RemotePort: 36136, Seq: 0xfffffff0, Position: 12, Skipped: 3,
		},
		{Type: State, Old: Connecting, New: Established, Time: 5, Netns: 4026531840, Local: local, Remote: remote, LocalPort: 1, RemotePort: 65535, Cookie: 78},
		{Type: Exit, Time: 6, TGID: 1 << 31, TID: 1 << 31},
	}
}

func TestEventRoundTrip(t *testing.T) {
	for _, e := range examples() {
		b := e.Append(nil)
		var got Event
		if len(b) != EventSize || !Decode(b, &got) {
			t.Fatalf("%+v: %d bytes, not decoded", e, len(b))
		}
		if d := cmp.Diff(e, got); d != "" {
			t.Error(d)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	e := examples()[0]
	b := e.Append(nil)
	var got Event
	if Decode(b[:EventSize-1], &got) {
		t.Error("a short event was decoded")
	}
	b[0] = eventVersion + 1
	if Decode(b, &got) {
		t.Error("an event of another version was decoded")
	}
}

// Whatever is decoded is encoded to the same again, but for the bits that mean
// nothing.
func FuzzDecode(f *testing.F) {
	for _, e := range examples() {
		f.Add(e.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var e, again Event
		if !Decode(b, &e) {
			if len(b) >= EventSize && b[0] == eventVersion {
				t.Fatal("not decoded")
			}
			return
		}
		if !Decode(e.Append(nil), &again) {
			t.Fatal("what was encoded is not decoded")
		}
		if d := cmp.Diff(e, again); d != "" {
			t.Fatal(d)
		}
	})
}

func record(t *testing.T, events []Event) []byte {
	t.Helper()
	var b bytes.Buffer
	r, err := NewRecorder(&b, Origin{Fexit, "edge \n 7"})
	if err == nil {
		err = r.Write(events)
	}
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readAll(s Source) (all []Event, err error) {
	batch := make([]Event, 2)
	for {
		n, err := s.Read(context.Background(), batch)
		all = append(all, batch[:n]...)
		if err != nil {
			return all, err
		}
	}
}

func TestReplay(t *testing.T) {
	want := examples()
	s, err := NewReplay(bytes.NewReader(record(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(s)
	if !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if st, _ := s.Stats(); st.Read != uint64(len(want)) || s.Tier() != Fexit || s.Agent() != "edge \n 7" {
		t.Errorf("%+v, tier %v, agent %q", st, s.Tier(), s.Agent())
	}
}

// A recording that was cut, or that holds events of a later version, loses
// those alone.
func TestReplayDamaged(t *testing.T) {
	b := record(t, examples())
	b[len(b)-2*EventSize] = 9 // version of the second
	s, err := NewReplay(bytes.NewReader(b[:len(b)-1]))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readAll(s)
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 1 {
		t.Errorf("%d events, %v", len(got), err)
	}
	if st, _ := s.Stats(); st.Garbled != 1 || st.Seen != st.Read+st.Garbled {
		t.Errorf("%+v", st)
	}
	for _, bad := range []string{"something else entirely", "", recordMagic, recordMagic + "tier best\n\n", recordMagic + "agent x\n\n", recordMagic + strings.Repeat("more\n", 100), recordMagic + strings.Repeat("x", 1<<17)} {
		if _, err := NewReplay(strings.NewReader(bad)); err == nil {
			t.Errorf("%.40q was taken for a recording", bad)
		}
	}
}

// Recordings of the first version had no header.
func TestReplayVersion1(t *testing.T) {
	want := examples()
	b := []byte(recordMagic1)
	for i := range want {
		b = want[i].Append(b)
	}
	s, err := NewReplay(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := readAll(s)
	if d := cmp.Diff(want, got); d != "" || s.Tier() != Sock || s.Agent() != "" {
		t.Errorf("tier %v, agent %q\n%s", s.Tier(), s.Agent(), d)
	}
}

// Whatever is replayed: no panic, and every event is counted.
func FuzzReplay(f *testing.F) {
	f.Add([]byte(recordMagic + "tier sock\nagent \"a\"\n\n"))
	e := examples()[0]
	f.Add(e.Append([]byte(recordMagic1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := NewReplay(bytes.NewReader(b))
		if err != nil {
			return
		}
		got, err := readAll(s)
		if st, _ := s.Stats(); err == nil || st.Read != uint64(len(got)) || st.Seen != st.Read+st.Garbled {
			t.Errorf("%+v, %d events, %v", st, len(got), err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var ring []byte
	for range 1024 {
		e := examples()[0]
		ring = e.Append(ring)
	}
	batch := make([]Event, 512)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		at := n % 1024 * EventSize
		if !Decode(ring[at:at+EventSize], &batch[n%len(batch)]) {
			b.Fatal("not decoded")
		}
	}
}
