package record

import (
	"io"
	"testing"

	"github.com/wirespan/wirespan/capture"
)

// benchBatch is a batch of packets as a busy HTTP server has them.
func benchBatch() []capture.Packet {
	batch := make([]capture.Packet, 512)
	for i := range batch {
		batch[i] = datagram(uint16(i%50), int64(i+1), []int{0, 120, 800}[i%3])
	}
	return batch
}

func perPacket(b *testing.B, packets int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(packets), "ns/packet")
}

// BenchmarkFilesPut is what a recording costs the capturing goroutine and the
// one that writes.
func BenchmarkFilesPut(b *testing.B) {
	cfg := DefaultFiles("")
	cfg.Output = io.Discard
	f, err := OpenFiles(cfg)
	if err != nil {
		b.Fatal(err)
	}
	batch := benchBatch()
	b.ReportAllocs()
	for b.Loop() {
		f.Put(batch, onePoint)
	}
	perPacket(b, len(batch))
	if err := f.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(f.Stats().Lost())/float64(f.Stats().Packets+f.Stats().Lost()), "lost")
}

// BenchmarkRecentPut is what keeping packets in memory costs.
func BenchmarkRecentPut(b *testing.B) {
	for _, payload := range []bool{false, true} {
		b.Run(map[bool]string{false: "headers", true: "payload"}[payload], func(b *testing.B) {
			r, err := NewRecent(RecentConfig{Size: 64 << 20, Payload: payload})
			if err != nil {
				b.Fatal(err)
			}
			batch := benchBatch()
			for range 400 {
				r.Put(batch, onePoint)
			}
			b.ReportAllocs()
			for b.Loop() {
				r.Put(batch, onePoint)
			}
			perPacket(b, len(batch))
		})
	}
}

// BenchmarkCut cuts one flow out of 64 MiB.
func BenchmarkCut(b *testing.B) {
	r, err := NewRecent(RecentConfig{Size: 64 << 20, Payload: true})
	if err != nil {
		b.Fatal(err)
	}
	batch := benchBatch()
	for range 500 {
		r.Put(batch, onePoint)
	}
	for b.Loop() {
		sel := NewSelection()
		if err := sel.Add(lookup(7, 0, 1<<40)); err != nil {
			b.Fatal(err)
		}
		if n, err := r.Cut(b.Context(), sel, io.Discard); n == 0 || err != nil {
			b.Fatal(n, err)
		}
	}
}
