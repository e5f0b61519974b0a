package pcapfile

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
)

var bothOrders = []byteOrder{binary.LittleEndian, binary.BigEndian}

func TestPcapVariants(t *testing.T) {
	for _, order := range bothOrders {
		for _, v := range []struct {
			magic uint32
			unit  int64
			dir   capture.Direction
		}{
			{magicMicro, 1000, capture.DirUnknown},
			{magicNano, 1, capture.DirUnknown},
			{magicModified, 1000, capture.DirOut},
			{magicIxiaHW, 1000, capture.DirUnknown},
			{magicIxiaSW, 1000, capture.DirUnknown},
		} {
			t.Run(fmt.Sprintf("%s/%#x", order, v.magic), func(t *testing.T) {
				f := newPcapFile(order, v.magic, 0x54000001) // FCS of 5 words, Ethernet
				f.add(1700000000, 123456, "first")
				f.record(4000000000, 7, 3, 1500, "cut")
				f.add(0, 0, "")
				got, faults := readAll(t, f.Bytes())
				want := []packet{
					{1700000000e9 + 123456*v.unit, 5, "first", "x", capture.LinkEthernet, v.dir},
					{4000000000e9 + 7*v.unit, 1500, "cut", "x", capture.LinkEthernet, v.dir},
					{0, 0, "", "x", capture.LinkEthernet, v.dir},
				}
				if d := cmp.Diff(want, got); d != "" || len(faults) > 0 {
					t.Errorf("faults %v, packets (-want +got):\n%s", faults, d)
				}
			})
		}
	}
}

func TestPcapIxiaNanoseconds(t *testing.T) {
	f := newPcapFile(binary.LittleEndian, magicIxiaHW, 1)
	f.add(1, 123456789, "")
	f.add(2, 5, "")
	got, _ := readAll(t, f.Bytes())
	if len(got) != 2 || got[0].Time != 1_123_456_789 || got[1].Time != 2_000_000_005 {
		t.Errorf("packets %v", got)
	}
}

func TestPcapLengthsOfOldVersions(t *testing.T) {
	for _, c := range []struct {
		name          string
		major, minor  uint16
		first, second uint32
		wire          uint32
	}{
		{"2.4 has the captured length first", 2, 4, 4, 9, 9},
		{"2.4 with the wire length too small is taken as uncut", 2, 4, 4, 2, 4},
		{"2.4 with the wire length unset is taken as uncut", 2, 4, 4, 0, 4},
		{"2.2 has the wire length first", 2, 2, 9, 4, 9},
		{"2.3 as written by most", 2, 3, 4, 9, 9},
		{"2.3 as written by some", 2, 3, 9, 4, 9},
		{"543.0 of DG/UX has either", 543, 0, 9, 4, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newPcapFile(binary.LittleEndian, magicMicro, 1)
			f.version(c.major, c.minor, 1)
			f.record(1, 0, c.first, c.second, "abcd")
			f.record(2, 0, c.first, c.second, "efgh")
			got, faults := readAll(t, f.Bytes())
			want := []packet{
				{1e9, c.wire, "abcd", "x", 1, 0},
				{2e9, c.wire, "efgh", "x", 1, 0},
			}
			if d := cmp.Diff(want, got); d != "" || len(faults) > 0 {
				t.Errorf("faults %v, packets (-want +got):\n%s", faults, d)
			}
		})
	}
}

func TestPcapFaults(t *testing.T) {
	good := func() *pcapFile {
		f := newPcapFile(binary.BigEndian, magicNano, 113)
		f.add(1, 0, strings.Repeat("a", 80))
		return f
	}
	cut := good()
	cut.add(2, 0, strings.Repeat("b", 80))
	absurd := good()
	absurd.record(2, 0, 0x7fffffff, 80, "b")
	version := newPcapFile(binary.LittleEndian, magicMicro, 1)
	version.version(3, 0, 1)
	for _, c := range []struct {
		name    string
		content []byte
		packets int
		want    string
	}{
		{"cut in the data", cut.Bytes()[:24+96+20], 1, "packet record at byte 120: file ends within the record (has 20 of 96 bytes)"},
		{"cut in the record header", cut.Bytes()[:24+96+9], 1, "packet record at byte 120: file ends within the record (has 9 of 16 bytes)"},
		{"absurd captured length", absurd.Bytes(), 1, "packet record at byte 120: captured length 2147483647 is absurd"},
		{"cut between records", cut.Bytes()[:24+96], 1, ""},
		{"header alone", cut.Bytes()[:24], 0, ""},
		{"cut in the file header", cut.Bytes()[:23], 0, "file header at byte 0: file ends within it (has 23 of 24 bytes)"},
		{"unknown version", version.Bytes(), 0, "file header at byte 0: pcap version 3.0 is unknown"},
		{"empty", nil, 0, "file is empty"},
		{"two bytes", []byte{0xd4, 0xc3}, 0, "not a capture file (starts with d4 c3)"},
		{"something else", []byte("{\"resourceSpans\":[]}"), 0, "not a capture file (starts with 7b 22 72 65 73 6f 75 72)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "x.pcap", c.content)
			s, err := Open(t.Context(), Config{Inputs: files(path)})
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				if n := len(drain(t, s)); n != c.packets {
					t.Errorf("%d packets, want %d", n, c.packets)
				}
				if f := s.Faults(); len(f) > 0 {
					got = f[0].Error()
				}
				s.Close()
			}
			if want := c.want; want != "" && got != path+": "+want || want == "" && got != "" {
				t.Errorf("fault %q, want %q", got, want)
			}
		})
	}
}

func TestPcapLargeRecord(t *testing.T) {
	f := newPcapFile(binary.LittleEndian, magicMicro, 1)
	large := strings.Repeat("0123456789abcdef", 20000) // 320 kB, more than a block
	f.add(1, 0, "small")
	f.add(2, 0, large)
	f.add(3, 0, "small again")
	f.add(4, 0, large[1:])
	got, faults := readAll(t, f.Bytes())
	if len(got) != 4 || got[1].Data != large || got[3].Data != large[1:] || got[2].Data != "small again" || len(faults) > 0 {
		t.Errorf("%d packets, faults %v", len(got), faults)
	}
}
