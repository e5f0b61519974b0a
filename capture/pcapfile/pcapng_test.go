package pcapfile

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
)

func TestPcapngBlocks(t *testing.T) {
	for _, order := range bothOrders {
		t.Run(order.String(), func(t *testing.T) {
			f := newNgFile(order)
			f.block(0x0bad, f.u32(32473), []byte("custom"))
			f.iface(1, 0, f.option(optionIfName, []byte("eth0")))
			f.iface(276, 3, f.option(optionResolution, []byte{9}), f.option(optionTimeOffset, f.u64(100)))
			f.enhanced(0, 1_500_000, "micro", f.option(1, []byte("comment")), f.option(optionFlags, f.u32(1)))
			f.block(0x7fffffff, []byte(strings.Repeat("unknown ", 100_000))) // larger than the block of the reader
			f.enhanced(1, 7, "nano!!", f.option(optionFlags, f.u32(2)))
			f.block(blockSimple, f.u32(1500), []byte("simple"))
			f.block(blockPacket, f.u16(0, 9), f.u32(0, 2_000_000, 3, 9), []byte("old"))
			f.section(bothOrders[0])
			f.iface(113, 4)
			f.block(blockSimple, f.u32(6), []byte("cut by"))
			got, faults := readAll(t, f.Bytes())
			want := []packet{
				{1.5e9, 5, "micro", "x:eth0", 1, capture.DirIn},
				{100e9 + 7, 6, "nano!!", "x#1", 276, capture.DirOut},
				{0, 1500, "simple\x00\x00", "x:eth0", 1, 0}, // the block does not tell data from padding
				{2e9, 9, "old", "x:eth0", 1, 0},
				{0, 6, "cut ", "x#0", 113, 0},
			}
			if d := cmp.Diff(want, got); d != "" || len(faults) > 0 {
				t.Errorf("faults %v, packets (-want +got):\n%s", faults, d)
			}
		})
	}
}

func TestPcapngInterfaceNames(t *testing.T) {
	order := byteOrder(binary.LittleEndian)
	name := func(f *ngFile, s string) []byte { return f.option(optionIfName, []byte(s)) }
	for _, c := range []struct {
		name  string
		build func(f *ngFile)
		want  []string
	}{
		{"a single interface has the name of the file", func(f *ngFile) {
			f.iface(1, 0, name(f, "eth0"))
			f.enhanced(0, 1, "a")
		}, []string{"x"}},
		{"a later one has a suffix, the first keeps its name", func(f *ngFile) {
			f.iface(1, 0, name(f, "eth0"))
			f.enhanced(0, 1, "a")
			f.iface(1, 0, name(f, "eth1"))
			f.enhanced(1, 2, "b")
			f.enhanced(0, 3, "c")
		}, []string{"x", "x:eth1", "x"}},
		{"several before the first packet all have one", func(f *ngFile) {
			f.iface(1, 0, name(f, "eth0"))
			f.iface(1, 0)
			f.enhanced(1, 1, "a")
			f.enhanced(0, 2, "b")
		}, []string{"x#1", "x:eth0"}},
		{"equal names in a section are told apart", func(f *ngFile) {
			f.iface(1, 0, name(f, "veth"))
			f.iface(1, 0, name(f, "veth"))
			f.enhanced(0, 1, "a")
			f.enhanced(1, 2, "b")
		}, []string{"x:veth", "x:veth#1"}},
		{"the same interface in two sections is one point", func(f *ngFile) {
			f.iface(1, 0, name(f, "eth0"))
			f.enhanced(0, 1, "a")
			f.section(order)
			f.iface(1, 0, name(f, "eth0"))
			f.enhanced(0, 2, "b")
		}, []string{"x", "x"}},
		{"unprintable names are cleaned", func(f *ngFile) {
			f.iface(1, 0, name(f, "a\x00junk"))
			f.iface(1, 0, name(f, "b\n\xff"))
			f.enhanced(0, 1, "a")
			f.enhanced(1, 1, "a")
		}, []string{"x:a", "x:b??"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newNgFile(order)
			c.build(f)
			got, faults := readAll(t, f.Bytes())
			var names []string
			for _, p := range got {
				names = append(names, p.Point)
			}
			if d := cmp.Diff(c.want, names); d != "" || len(faults) > 0 {
				t.Errorf("faults %v, points (-want +got):\n%s", faults, d)
			}
		})
	}
}

func TestPcapngLooseLengths(t *testing.T) {
	f := newNgFile(binary.LittleEndian)
	f.iface(1, 0)
	epb := f.u32(0, 0, 5, 3, 3)
	// Padding that the length does not count, then no padding at all.
	f.Write(f.u32(blockEnhanced, 35))
	f.Write(append(epb, "abc\x00"...))
	f.Write(f.u32(35))
	f.Write(f.u32(blockEnhanced, 35))
	f.Write(append(epb, "def"...))
	f.Write(f.u32(35))
	f.enhanced(0, 6, "ghi")
	got, faults := readAll(t, f.Bytes())
	if len(got) != 3 || got[0].Data != "abc" || got[1].Data != "def" || got[2].Data != "ghi" || len(faults) > 0 {
		t.Errorf("faults %v, packets %v", faults, got)
	}
}

func TestPcapngFaults(t *testing.T) {
	for _, c := range []struct {
		name    string
		build   func(f *ngFile)
		cut     int
		packets int
		want    string
	}{
		{
			"cut in a packet block", func(f *ngFile) { f.enhanced(0, 1, "abcd") }, 10, 1,
			"packet block at byte 84: file ends within the record (has 26 of 36 bytes)",
		},
		{
			"cut in a block header", func(f *ngFile) { f.enhanced(0, 1, "abcd") }, 29, 1,
			"packet block at byte 84: file ends within the record (has 7 of 12 bytes)",
		},
		{
			"cut in a skipped block", func(f *ngFile) { f.block(0xbad, make([]byte, 600_000)) }, 1000, 1,
			"block at byte 84: file ends within the block",
		},
		{
			"interface unknown", func(f *ngFile) { f.enhanced(1, 1, "a") }, 0, 1,
			"packet block at byte 84: interface 1 is not described, there are 1",
		},
		{
			"captured length beyond the block", func(f *ngFile) { f.block(blockEnhanced, f.u32(0, 0, 0, 400, 400), make([]byte, 8)) }, 0, 1,
			"packet block at byte 84: captured length 400 is beyond the block of 40 bytes",
		},
		{
			"length below the minimum", func(f *ngFile) { f.Write(f.u32(6, 8, 8)) }, 0, 1,
			"packet block at byte 84: block length 8 is below the minimum of 12",
		},
		{
			"absurd length", func(f *ngFile) { f.Write(f.u32(6, 0xfffffff0, 0)) }, 0, 1,
			"packet block at byte 84: block length 4294967280 is absurd",
		},
		{
			"two lengths differ", func(f *ngFile) { f.enhanced(0, 1, "a"); f.Bytes()[f.Len()-4]++ }, 0, 1,
			"packet block at byte 84: block length 36 at the start, 37 at the end",
		},
		{
			"section of version 2", func(f *ngFile) { f.block(magicSection, f.u32(byteOrderTag), f.u16(2, 0), f.u64(0)) }, 0, 1,
			"section header at byte 84: pcapng version 2.0 is unknown",
		},
		{
			"section without byte order", func(f *ngFile) { f.block(magicSection, f.u32(1), f.u16(1, 0), f.u64(0)) }, 0, 1,
			"section header at byte 84: byte-order magic is 01 00 00 00",
		},
		{
			"packet before an interface of its section", func(f *ngFile) { f.section(f.order); f.enhanced(0, 1, "a") }, 0, 1,
			"packet block at byte 112: interface 0 is not described, there are 0",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newNgFile(binary.LittleEndian)
			f.iface(1, 0)
			f.enhanced(0, 0, "") // 28 + 24 + 32 bytes so far
			c.build(f)
			got, faults := readAll(t, f.Bytes()[:f.Len()-c.cut])
			if len(got) != c.packets {
				t.Errorf("%d packets, want %d", len(got), c.packets)
			}
			if len(faults) != 1 || !strings.HasSuffix(faults[0].Error(), "x.pcap: "+c.want) {
				t.Errorf("faults %v, want %s", faults, c.want)
			}
		})
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct {
		name       string
		resolution byte
		offset     int64
		units      uint64
		want       int64
	}{
		{"microseconds", 6, 0, 1_700_000_000_000_001, 1_700_000_000_000_001_000},
		{"seconds", 0, 0, 5, 5e9},
		{"nanoseconds", 9, 0, math.MaxInt64, math.MaxInt64},
		{"picoseconds", 12, 0, 1_999, 1},
		{"10^-28", 28, 0, math.MaxUint64, 1},
		{"finer than can be counted", 29, 0, math.MaxUint64, 0},
		{"2^-10", 0x8a, 0, 1024 + 512, 1.5e9},
		{"2^-32", 0xa0, 0, 1_700_000_000<<32 | 1<<31, 1_700_000_000_500_000_000},
		{"2^-63", 0xbf, 0, 3 << 62, 1.5e9},
		{"2^0", 0x80, 0, 3, 3e9},
		{"offset", 6, 10, 1, 10_000_001_000},
		{"negative offset", 6, -1, 3_000_000, 2e9},
		{"before 1970 is no time", 6, -4, 3_000_000, 0},
		{"overflow is no time", 6, 0, math.MaxUint64, 0},
		{"overflow by the offset is no time", 9, 9_000_000_000, math.MaxInt64, 0},
		{"absurd offset is no time", 9, math.MaxInt64, 1, 0},
		{"absurd negative offset is no time", 9, math.MinInt64, 1, 0},
	} {
		k := newClock(c.resolution, c.offset)
		if got := k.nanoseconds(c.units); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
