package pcapfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/capture"
)

func FuzzReader(f *testing.F) {
	for _, order := range bothOrders {
		for _, magic := range []uint32{magicMicro, magicNano, magicModified, magicIxiaHW} {
			p := newPcapFile(order, magic, 1)
			p.add(1, 2, "abc")
			p.record(2, 0, 300000, 3, "cut")
			f.Add(p.Bytes())
		}
		n := newNgFile(order)
		n.iface(1, 0, n.option(optionResolution, []byte{0x8a}), n.option(optionIfName, []byte("eth0")))
		n.enhanced(0, 5, "abc", n.option(optionFlags, n.u32(1)))
		n.block(blockPacket, n.u16(0, 9), n.u32(0, 2, 3, 9), []byte("old"))
		n.block(blockSimple, n.u32(3), []byte("abc"))
		n.block(blockNames, n.option(nameIPv4, []byte("\x7f\x00\x00\x01a\x00")), n.u32(0))
		n.block(blockSecrets, n.u32(1, 3), []byte("abc"))
		n.block(blockStats, n.u32(0, 0, 0), n.option(optionIfDrop, n.u64(3)))
		n.block(0xbad, n.u32(1))
		f.Add(n.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		counts := [2]int{}
		for i, size := range []int{1, 64} {
			r := NewReader(bytes.NewReader(b), "fuzz")
			batch := make([]capture.Packet, size)
			for {
				n, err := r.ReadBatch(batch)
				for _, p := range batch[:n] {
					if len(p.Data) > maxRecord || int(p.WireLen) < len(p.Data) || p.Time < 0 {
						t.Fatalf("time %d, %d of %d bytes", p.Time, len(p.Data), p.WireLen)
					}
				}
				counts[i] += n
				if err != nil {
					var fault *Fault
					if n > 0 || err != io.EOF && !errors.As(err, &fault) {
						t.Fatalf("%d packets with error %v", n, err)
					}
					break
				}
			}
			if r.window.blk != nil && len(r.window.blk.buf) > maxRecord+blockSize {
				t.Fatalf("buffer of %d bytes", len(r.window.blk.buf))
			}
		}
		if counts[0] != counts[1] {
			t.Fatalf("%d packets one by one, %d in batches", counts[0], counts[1])
		}
	})
}

// hundredThousand makes a capture of 100,000 packets of 100 bytes.
func hundredThousand(ng bool) []byte {
	data := strings.Repeat("x", 100)
	if ng {
		f := newNgFile(binary.LittleEndian)
		f.iface(1, 0)
		for i := range 100_000 {
			f.enhanced(0, uint64(i), data, f.option(optionFlags, f.u32(1)), f.u32(0))
		}
		return f.Bytes()
	}
	f := newPcapFile(binary.LittleEndian, magicMicro, 1)
	for i := range uint32(100_000) {
		f.add(1, i, data)
	}
	return f.Bytes()
}

func readThrough(tb testing.TB, s *Source, batch []capture.Packet) int {
	total := 0
	for {
		n, err := s.ReadBatch(context.Background(), batch)
		total += n
		if err == io.EOF {
			return total
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// Reading takes a few allocations for each file, none for packets.
func TestAllocations(t *testing.T) {
	for name, ng := range map[string]bool{"pcap": false, "pcapng": true} {
		content := hundredThousand(ng)
		dir := t.TempDir()
		a, b := write(t, dir, "a.pcap", content), write(t, dir, "b.pcap", content)
		for many, in := range map[string][]Input{"one": files(a), "merged": files(a, b)} {
			s := open(t, Config{Inputs: in})
			batch := make([]capture.Packet, 256)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := readThrough(t, s, batch)
			runtime.ReadMemStats(&after)
			if allocs := after.Mallocs - before.Mallocs; n < 100_000 || allocs > 300 {
				t.Errorf("%s, %s: %d allocations for %d packets", name, many, allocs, n)
			}
		}
	}
}

func BenchmarkSource(b *testing.B) {
	dir := b.TempDir()
	for _, c := range []struct {
		name string
		ng   bool
		n    int
	}{{"pcap", false, 1}, {"pcapng", true, 1}, {"merge-of-4", false, 4}} {
		content := hundredThousand(c.ng)
		var paths []string
		for i := range c.n {
			paths = append(paths, write(b, dir, c.name+string(rune('a'+i))+".pcap", content))
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(content) * c.n))
			batch := make([]capture.Packet, 256)
			packets := 0
			for b.Loop() {
				b.StopTimer()
				s := open(b, Config{Inputs: files(paths...)})
				b.StartTimer()
				packets += readThrough(b, s, batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
		})
	}
}

func BenchmarkFilter(b *testing.B) {
	program, err := ParseProgram(strings.NewReader(isDigitThree))
	if err != nil {
		b.Fatal(err)
	}
	f := filter{program: program}
	batch := []capture.Packet{{Data: []byte("3")}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.keep(batch); err != nil {
			b.Fatal(err)
		}
	}
}
