package pcapfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
)

// recordingOf writes packets as a file of a recording.
func recordingOf(t *testing.T, r Recording, packets ...seen) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewRecordingWriter(&out, r)
	for _, p := range packets {
		if err := w.Write(&p.Packet, p.point); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// seenAt is a packet of a recording.
func seenAt(second int64, point, data string, link capture.LinkType) seen {
	return seen{point, capture.Packet{Data: []byte(data), Time: second * 1e9, WireLen: uint32(len(data)), Link: link}}
}

// pointsOf reads inputs and lists the point and data of each packet.
func pointsOf(t *testing.T, s *Source) (got []string) {
	t.Helper()
	for _, p := range drain(t, s) {
		got = append(got, p.Point+" "+p.Data)
	}
	if len(s.Faults()) > 0 {
		t.Errorf("faults %v", s.Faults())
	}
	return got
}

func TestRecordingPoints(t *testing.T) {
	dir := t.TempDir()
	const eth, raw = capture.LinkEthernet, capture.LinkRaw
	// The second file begins before the first ends, and link types differ: two
	// rings met. The names are those of a ring that began anew.
	first := write(t, dir, "r1", recordingOf(t, Recording{"h1", "a", 7, ""},
		seenAt(1, "lo", "a", eth), seenAt(2, "eth0", "b", eth), seenAt(4, "lo", "c", eth)))
	second := write(t, dir, "r0", recordingOf(t, Recording{"h1", "a", 8, ""},
		seenAt(3, "tun0", "d", raw), seenAt(5, "lo", "e", eth), seenAt(6, "lo", "f", raw)))
	other := write(t, dir, "s0", recordingOf(t, Recording{"h2", "b", 0, ""}, seenAt(2, "lo", "x", eth), seenAt(5, "lo", "y", eth)))
	for _, c := range []struct {
		name   string
		inputs []Input
		want   []string
		agents []string
	}{
		{"a rotation has the points of the run", files(second, first), []string{"lo a", "eth0 b", "lo c", "tun0 d", "lo e", "lo f"}, []string{"h1"}},
		{"two agents", files(first, second, other), []string{"lo a", "eth0 b", "h2/lo x", "lo c", "tun0 d", "lo e", "h2/lo y", "lo f"}, []string{"h1", "h2"}},
		{"a name of the user wins", []Input{{Paths: []string{other}, Name: "here"}}, []string{"here x", "here y"}, []string{"h2"}},
		{
			"also for several interfaces",
			[]Input{{Paths: []string{first, second}, Name: "here"}},
			[]string{"here a", "here:eth0 b", "here c", "here:tun0 d", "here e", "here f"},
			[]string{"h1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, Config{Inputs: c.inputs})
			if d := cmp.Diff(c.agents, s.Agents()); d != "" {
				t.Errorf("agents (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.want, pointsOf(t, s)); d != "" {
				t.Errorf("packets (-want +got):\n%s", d)
			}
		})
	}
	if s := open(t, Config{Inputs: files(filepath.Dir(first))}); len(s.Agents()) != 2 {
		t.Errorf("agents of the directory: %v", s.Agents())
	}
	plain := open(t, Config{Inputs: files(write(t, dir, "p.pcapng", plainCapture(t)))})
	if len(plain.Agents()) != 0 {
		t.Errorf("agents of a plain capture: %v", plain.Agents())
	}
}

func plainCapture(t *testing.T) []byte {
	var out bytes.Buffer
	w := NewWriter(&out, Pcapng)
	if err := w.Write(&toWrite[0].Packet, "eth0"); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRecordingStatistics(t *testing.T) {
	var out bytes.Buffer
	w := NewRecordingWriter(&out, Recording{Agent: "h", ID: "x"})
	p := seenAt(1, "eth0", "abcd", capture.LinkEthernet)
	p.Dir = capture.DirOut
	if err := w.Write(&p.Packet, p.point); err != nil {
		t.Fatal(err)
	}
	err := w.Statistics("eth0", capture.LinkEthernet, IfaceStats{Start: 1e9, End: 2e9, Received: 9, Delivered: 1, IfDrops: 3, Drops: 5, Comment: "for people"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := write(t, t.TempDir(), "x", out.Bytes())
	s := open(t, Config{Inputs: files(path)})
	got := drain(t, s)
	st, err := s.Stats()
	if err != nil || st.Drops != 5 || st.IfDrops != 3 || len(got) != 1 || got[0].Dir != capture.DirOut {
		t.Errorf("stats %+v, error %v, packets %v", st, err, got)
	}
}

// TestStrippedTags puts tags back so that the decoder sees the packet that it
// saw live.
func TestStrippedTags(t *testing.T) {
	// IPv4 and UDP without payload.
	ip := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 53, 0, 99, 0, 8, 0, 0}
	frames := map[capture.LinkType][]byte{
		capture.LinkEthernet: append(append(make([]byte, 12), 8, 0), ip...),
		capture.LinkSLL:      append(append(make([]byte, 14), 8, 0), ip...),
		capture.LinkSLL2:     append(append([]byte{8, 0}, make([]byte, 18)...), ip...),
		capture.LinkRaw:      ip, // has no place for a tag
	}
	for link, data := range frames {
		live := capture.Packet{Data: data, Time: 1, WireLen: uint32(len(data)), Link: link, VLAN: 0x2064, Dir: capture.DirIn}
		got, faults := readAll(t, recordingOf(t, Recording{}, seen{"x", live}))
		if len(got) != 1 || len(faults) > 0 {
			t.Fatalf("link type %d: packets %v, faults %v", link, got, faults)
		}
		again := capture.Packet{Data: []byte(got[0].Data), Time: 1, WireLen: got[0].Wire, Link: link, Dir: got[0].Dir}
		var before, after wire.Frame
		dec := &wire.Decoder{}
		if r := dec.Decode(&live, &before); r != wire.OK {
			t.Fatalf("link type %d: live %v", link, r)
		}
		if r := dec.Decode(&again, &after); r != wire.OK {
			t.Fatalf("link type %d: recorded %v", link, r)
		}
		if link == capture.LinkRaw {
			before.VLAN = 0
		}
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("link type %d (-live +recorded):\n%s", link, d)
		}
		if want := map[bool]int{true: 0, false: 4}[link == capture.LinkRaw]; len(got[0].Data) != len(data)+want || int(got[0].Wire) != len(data)+want {
			t.Errorf("link type %d: %d bytes of %d", link, len(got[0].Data), got[0].Wire)
		}
	}
}

// TestStrangeRecordings takes comments for no more than they are.
func TestStrangeRecordings(t *testing.T) {
	for _, c := range []string{
		"wirespan.recording=", "wirespan.recording=/1", "wirespan.recording=x/-1", "wirespan.recording=x", "recording=x/1",
	} {
		var r Recording
		if r.takeFile([]byte(c)); r != (Recording{}) {
			t.Errorf("%q gives %+v", c, r)
		}
	}
	f := newNgFile(binary.LittleEndian)
	f.iface(1, 0, f.option(optionComment, []byte("wirespan.capture.point=")), f.option(optionComment, []byte("a comment")))
	f.enhanced(0, 1, "a")
	if got, faults := readAll(t, f.Bytes()); len(faults) > 0 || len(got) != 1 || got[0].Point != "x" {
		t.Errorf("faults %v, packets %v", faults, got)
	}
}

// TestSettings keeps the lines of a run's settings, each once, over the files of
// a recording.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	const lines = "point=core=vxlan:7+vxlan:8\npoint-by=tunnel\n"
	for i := range uint64(2) {
		write(t, dir, fmt.Sprint("r", i), recordingOf(t, Recording{"h1", "a", i, lines}, seenAt(int64(i+1), "eth0", "x", capture.LinkEthernet)))
	}
	s := open(t, Config{Inputs: files(dir)})
	if d := cmp.Diff([]string{"point=core=vxlan:7+vxlan:8", "point-by=tunnel"}, s.Settings()); d != "" {
		t.Error(d)
	}
}
