package pcapfile

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
)

// seen is a packet at a point.
type seen struct {
	point string
	capture.Packet
}

var toWrite = []seen{
	{"eth0", capture.Packet{Data: []byte("one"), Time: 1_700_000_000_123_456_789, WireLen: 3, Link: capture.LinkEthernet}},
	{"any", capture.Packet{Data: []byte("two, cut"), Time: 1_700_000_001_000_000_000, WireLen: 1500, Link: capture.LinkSLL2}},
	{"eth0", capture.Packet{Data: []byte("AABBCCaabbcc\x08\x00rest"), Time: 2e18, WireLen: 18, Link: capture.LinkEthernet, VLAN: 0x2064}},
	{"eth0", capture.Packet{Data: []byte("raw"), Time: 2e18 + 1, WireLen: 0, Link: capture.LinkRaw}},
	{"any", capture.Packet{Data: bytes.Repeat([]byte("large"), 30000), Time: 2e18 + 2, WireLen: 150000, Link: capture.LinkSLL2}},
}

func TestWritePcapng(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, Pcapng)
	for _, p := range toWrite {
		if err := w.Write(&p.Packet, p.point); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := write(t, t.TempDir(), "x.pcapng", out.Bytes())
	s := open(t, Config{Inputs: files(path)})
	got := drain(t, s)
	want := []packet{
		{1_700_000_000_123_456_789, 3, "one", "x", 1, 0},
		{1_700_000_001_000_000_000, 1500, "two, cut", "x:any", 276, 0},
		{2e18, 22, "AABBCCaabbcc\x81\x00\x20\x64\x08\x00rest", "x", 1, 0},
		{2e18 + 1, 3, "raw", "x:eth0#2", 101, 0},
		{2e18 + 2, 150000, string(bytes.Repeat([]byte("large"), 30000)), "x:any", 276, 0},
	}
	if d := cmp.Diff(want, got); d != "" || len(s.Faults()) > 0 {
		t.Errorf("faults %v, packets (-want +got):\n%s", s.Faults(), d)
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		return
	}
	theirs, complaint := tshark(t, path)
	if len(theirs) != len(want) || complaint != "" {
		t.Fatalf("tshark reads %d packets, says %q", len(theirs), complaint)
	}
	for i, o := range theirs {
		if o != (oracle{want[i].Time, true, want[i].Wire, len(want[i].Data)}) {
			t.Errorf("packet %d: tshark has %s", i+1, show(o))
		}
	}
}

func TestWritePcap(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, Pcap)
	if err := w.Write(&toWrite[1].Packet, "any"); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(&toWrite[0].Packet, "eth0"); err == nil {
		t.Error("a second link type was written into a pcap file")
	}
	if err := w.Write(&toWrite[4].Packet, "any"); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, faults := readAll(t, out.Bytes())
	if len(got) != 2 || got[0].Link != 276 || got[0].Time != toWrite[1].Time || got[0].Wire != 1500 || len(got[1].Data) != 150000 || len(faults) > 0 {
		t.Errorf("%d packets, faults %v", len(got), faults)
	}
}

func TestWriteNothing(t *testing.T) {
	for _, format := range []Format{Pcap, Pcapng} {
		var out bytes.Buffer
		if err := NewWriter(&out, format).Flush(); err != nil {
			t.Fatal(err)
		}
		if got, faults := readAll(t, out.Bytes()); len(got) != 0 || len(faults) != 0 || out.Len() < pcapHeader {
			t.Errorf("format %d: %d bytes, packets %v, faults %v", format, out.Len(), got, faults)
		}
	}
}

// disk takes bytes until it is full.
type disk struct {
	bytes.Buffer
	room int
}

func (d *disk) Write(b []byte) (int, error) {
	if len(b) > d.room {
		return 0, errors.New("disk is full")
	}
	d.room -= len(b)
	return d.Buffer.Write(b)
}

// TestWriteErrors loses what was buffered, and what comes later fits behind
// what was written before.
func TestWriteErrors(t *testing.T) {
	for _, format := range []Format{Pcap, Pcapng} {
		for _, first := range []int{0, 1} {
			d := &disk{room: first * 1000}
			w := NewWriter(d, format)
			put := func(i int) {
				t.Helper()
				p := toWrite[i]
				p.Link = capture.LinkEthernet
				if err := w.Write(&p.Packet, p.point); err != nil {
					t.Fatal(err)
				}
			}
			put(0)
			if first == 0 != (w.Flush() != nil) {
				t.Fatalf("format %d: flush with room %d", format, first*1000)
			}
			d.room = 0
			put(1)
			put(0)
			if n := w.Buffered(); n != 2 {
				t.Errorf("format %d: %d packets are buffered", format, n)
			}
			if err := w.Flush(); err == nil || err.Error() != "disk is full" {
				t.Errorf("format %d: error %v", format, err)
			}
			d.room = 1 << 20
			put(1)
			put(3)
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			got, faults := readAll(t, d.Bytes())
			if len(got) != first+2 || len(faults) > 0 || got[first].Data != "two, cut" || got[first+1].Data != "raw" {
				t.Errorf("format %d: faults %v, packets %v", format, faults, got)
			}
			if w.Size() != int64(d.Len()) || w.Buffered() != 0 {
				t.Errorf("format %d: size %d of %d, %d packets buffered", format, w.Size(), d.Len(), w.Buffered())
			}
		}
	}
}
