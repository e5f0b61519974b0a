//go:build linux

package afpacket

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// TestLendUnderLoad gives batches to goroutines that look at them late: no
// byte may have changed, no packet be missing that was not counted.
func TestLendUnderLoad(t *testing.T) {
	versions(t, func(t *testing.T, v Version) {
		l := newLab(t)
		c := l.config("near")
		c.Version, c.FrameSize, c.Direction = v, 2048, capture.DirIn
		c.BlockSize, c.Blocks = 64<<10, 16
		s := l.source(c)
		const n = 6000
		type lent struct {
			packets []capture.Packet
			free    func()
		}
		work := make(chan lent, 6)
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := make(map[string]int)
		for w := range 3 {
			wg.Go(func() {
				for j := range work {
					time.Sleep(time.Duration(w) * time.Millisecond)
					mu.Lock()
					for _, p := range j.packets {
						if at := bytes.Index(p.Data, []byte("lent-")); at >= 0 && p.Data[23] == 17 {
							seen[string(p.Data[at:at+12])]++
							if want := bytes.Repeat([]byte{'.'}, 300-12); !bytes.Equal(p.Data[at+12:at+300], want) {
								t.Errorf("bytes of %q changed", p.Data[at:at+12])
							}
						}
					}
					mu.Unlock()
					j.free()
				}
			})
		}
		ctx, cancel := context.WithCancel(context.Background())
		read := make(chan struct{})
		go func() {
			defer close(read)
			for {
				batch := make([]capture.Packet, 64)
				k, err := s.ReadBatch(ctx, batch)
				if err != nil {
					return
				}
				work <- lent{batch[:k], s.Lend()}
			}
		}()
		for i := range n / 100 {
			l.sendUDP(l.farNS, nearIP, 9, 100, func(k int) []byte { return marked("lent", 300)(i*100 + k) })
		}
		time.Sleep(300 * time.Millisecond)
		cancel()
		<-read
		close(work)
		wg.Wait()
		st := stats(t, s)
		if uint64(len(seen))+st.Drops < n || len(seen) == 0 {
			t.Errorf("%d datagrams and %d drops of %d", len(seen), st.Drops, n)
		}
		for k, c := range seen {
			if c != 1 {
				t.Errorf("%q came %d times", k, c)
			}
		}
		if len(seen) < n/50 { // how many there are depends on the machine
			t.Errorf("only %d of %d: %+v", len(seen), n, st)
		}
	})
}

// TestAllLent keeps every block: the kernel freezes, the reader waits, and all
// goes on when they come back. What is lent outlives Close.
func TestAllLent(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := l.config("near")
	c.BlockSize, c.Blocks, c.Direction = 64<<10, 2, capture.DirIn
	s := l.source(c)
	batch := make([]capture.Packet, 1024)
	var free []func()
	var first []capture.Packet
	for i := range 6 {
		l.sendUDP(l.farNS, nearIP, 9, 200, marked(fmt.Sprintf("lent%d", i), 400))
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		n, err := s.ReadBatch(ctx, batch)
		cancel()
		if err != nil {
			break
		}
		first = append(first, batch[:n]...)
		free = append(free, s.Lend())
	}
	if st := stats(t, s); st.Drops == 0 || st.Freezes == 0 || len(free) == 6 {
		t.Errorf("%d batches were lent, %+v", len(free), st)
	}
	for _, f := range free[1:] {
		f()
	}
	free[0]()
	free[0]() // once more does nothing
	l.sendUDP(l.farNS, nearIP, 9, 5, marked("after", 60))
	n := 0
	for end := time.Now().Add(5 * time.Second); n < 5 && time.Now().Before(end); {
		n += holds(collect(t, s), "after-")
	}
	if n < 5 {
		t.Errorf("%d packets after blocks came back", n)
	}
	_ = first

	l.sendUDP(l.farNS, nearIP, 9, 1, marked("last", 60))
	k, err := s.ReadBatch(context.Background(), batch)
	if err != nil {
		t.Fatal(err)
	}
	give := s.Lend()
	_ = s.Close()
	if !bytes.Contains(batch[k-1].Data, []byte("last-")) {
		t.Error("memory that is lent changed with Close")
	}
	give()
}

// TestNoAllocation: reading and lending allocate nothing.
func TestNoAllocation(t *testing.T) {
	versions(t, func(t *testing.T, v Version) {
		l := newLab(t)
		for _, dev := range []string{"near", Any} {
			c := l.config(dev)
			c.Version, c.FrameSize = v, 2048
			c.Duplicates = time.Millisecond
			s := l.source(c)
			batch := make([]capture.Packet, 64)
			read := func() {
				n, err := s.ReadBatch(context.Background(), batch)
				if err != nil || n == 0 {
					t.Fatal(n, err)
				}
				s.Lend()()
			}
			l.sendUDP(l.farNS, nearIP, 9, 900, marked("warm", 200))
			read()
			if got := testing.AllocsPerRun(10, read); got != 0 {
				t.Errorf("%s: %v allocations per batch", dev, got)
			}
			_ = s.Close()
		}
	})
}

// BenchmarkReadBatch measures packets that are in the ring.
func BenchmarkReadBatch(b *testing.B) {
	l := newLab(b)
	c := l.config("near")
	c.BlockSize, c.Blocks = 256<<10, 32
	s := l.source(c)
	batch := make([]capture.Packet, 512)
	packets := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		l.sendUDP(l.farNS, nearIP, 9, 2000, marked("bench", 200))
		time.Sleep(20 * time.Millisecond)
		b.StartTimer()
		for got := 0; got < 2000; {
			n, err := s.ReadBatch(context.Background(), batch)
			if err != nil {
				b.Fatal(err)
			}
			got += n
			packets += n
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}
