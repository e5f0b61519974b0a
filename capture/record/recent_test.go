package record

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/wire"
)

const goldenDir = "../../testdata/golden"

// datagram is an Ethernet frame with a UDP datagram from 192.0.2.1:port to
// 192.0.2.2:53.
func datagram(port uint16, at int64, payload int) capture.Packet {
	b := append(make([]byte, 12, 42+payload), 8, 0, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(28+payload))
	b = append(b, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2)
	b = binary.BigEndian.AppendUint16(b, port)
	b = append(b, 0, 53)
	b = binary.BigEndian.AppendUint16(b, uint16(8+payload))
	b = append(b, 0, 0)
	b = append(b, bytes.Repeat([]byte{byte(port)}, payload)...)
	return capture.Packet{Data: b, Time: at, WireLen: uint32(len(b)), Link: capture.LinkEthernet}
}

// lookup is the exchange of such datagrams.
func lookup(port uint16, from, to int64) Exchange {
	return Exchange{
		Point: "eth0", Start: from, End: to,
		Client: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port),
		Server: netip.MustParseAddrPort("192.0.2.2:53"),
	}
}

func newRecent(t *testing.T, cfg RecentConfig) *Recent {
	t.Helper()
	r, err := NewRecent(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// cutOut cuts one exchange out.
func cutOut(t *testing.T, r *Recent, list ...Exchange) []capture.Packet {
	t.Helper()
	sel := NewSelection()
	for _, x := range list {
		if err := sel.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "cut.pcapng")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := r.Cut(t.Context(), sel, f)
	if err != nil {
		t.Fatal(err)
	}
	got, points := packetsOf(t, path)
	if len(got) != n {
		t.Errorf("%d packets cut, %d read", n, len(got))
	}
	for _, p := range points {
		if p != "eth0" {
			t.Errorf("point %q", p)
		}
	}
	return got
}

// TestRecentForgets keeps what fits, and counts what it forgets.
func TestRecentForgets(t *testing.T) {
	r := newRecent(t, RecentConfig{Size: MinRecent, Payload: true})
	const total, ports = 20_000, 100
	for i := range total {
		p := datagram(uint16(1000+i%ports), int64(i)*1e6, 1000)
		if n := r.Put([]capture.Packet{p}, onePoint); n != 1 {
			t.Fatalf("put %d", n)
		}
	}
	r.Put([]capture.Packet{{Data: make([]byte, 60), WireLen: 60, Link: capture.LinkEthernet}}, onePoint)
	st := r.Stats()
	held := st.Packets - st.Overwritten
	if st.Packets != total || st.Passed != 1 || st.Lost != 0 || st.Held != MinRecent || held < 3000 || held > MinRecent/1042 {
		t.Errorf("stats %+v", st)
	}
	if st.Last != (total-1)*1e6 || st.First != int64(total-held)*1e6 {
		t.Errorf("from %d to %d, %d packets held", st.First, st.Last, held)
	}
	for _, port := range []uint16{1000, 1099} {
		got := cutOut(t, r, lookup(port, 0, total*1e6))
		if want := int(held) / ports; len(got) < want || len(got) > want+1 {
			t.Errorf("port %d: %d packets cut, want about %d", port, len(got), want)
		}
		for i, p := range got {
			if len(p.Data) != 1042 || p.Data[42] != byte(port) || i > 0 && p.Time <= got[i-1].Time {
				t.Fatalf("port %d: packet %d is %+v", port, i, p)
			}
		}
	}
	if got := cutOut(t, r, lookup(1000, 0, 1e6)); len(got) != 0 {
		t.Errorf("%d packets of a time that is gone", len(got))
	}
	if got := cutOut(t, r, lookup(1001, st.Last-500e6, st.Last)); len(got) != 5 {
		t.Errorf("%d packets of half a second", len(got))
	}
	if got := cutOut(t, r, lookup(2000, 0, total*1e6)); len(got) != 0 {
		t.Errorf("%d packets of a flow that was not there", len(got))
	}
}

// TestRecentHeads keeps headers only, and the lengths that packets had.
func TestRecentHeads(t *testing.T) {
	r := newRecent(t, RecentConfig{Size: MinRecent, Agent: "host1"})
	for i := range 100 {
		r.Put([]capture.Packet{datagram(1000, int64(i+1), 1000)}, onePoint)
	}
	got := cutOut(t, r, lookup(1000, 0, 1000))
	if len(got) != 100 || len(got[0].Data) != 42 || got[0].WireLen != 1042 {
		t.Errorf("%d packets, first %+v", len(got), got[0])
	}
	if st := r.Stats(); st.Bytes != 4200 {
		t.Errorf("stats %+v", st)
	}
}

// TestHeadsHoldNoPayload looks at the golden captures: what is kept of a packet
// ends where its payload begins.
func TestHeadsHoldNoPayload(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("golden captures: %v, %v", files, err)
	}
	kept, fragments := 0, 0
	for _, file := range files {
		list, _ := packetsOf(t, file)
		dec := wire.NewDecoder(defrag.Default())
		for i := range list {
			p := &list[i]
			var f wire.Frame
			how := dec.Decode(p, &f)
			switch {
			case how == wire.Fragment || how == wire.OK && f.Fragments > 0:
				n := fragmentHeadLen(p)
				if n < 34 || n > 100 {
					t.Errorf("%s: packet %d: %d bytes of a fragment", file, i+1, n)
				}
				fragments++
			case how == wire.OK:
				n := headLen(p, &f)
				if len(f.Payload) > 0 && !bytes.Equal(p.Data[n:n+len(f.Payload)], f.Payload) {
					t.Errorf("%s: packet %d: %d bytes of head", file, i+1, n)
				}
				// The head alone decodes to the same, but for the payload.
				head := *p
				head.Data = p.Data[:n]
				var again wire.Frame
				if r := (&wire.Decoder{}).Decode(&head, &again); r != wire.OK {
					t.Errorf("%s: packet %d: head decodes to %v", file, i+1, r)
				}
				again.Payload, again.Truncated = f.Payload, f.Truncated
				if d := cmp.Diff(f, again); d != "" {
					t.Errorf("%s: packet %d: head decodes to another frame:\n%s", file, i+1, d)
				}
				kept++
			}
		}
	}
	if kept < 500 || fragments < 4 {
		t.Errorf("the captures have %d packets and %d fragments", kept, fragments)
	}
}

// TestCutWhilePut cuts while packets come; the race detector watches.
func TestCutWhilePut(t *testing.T) {
	r := newRecent(t, RecentConfig{Size: MinRecent, Payload: true})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				batch := []capture.Packet{datagram(1000, int64(i+1), 900), datagram(uint16(2000+w), int64(i+1), 10)}
				r.Put(batch, onePoint)
			}
		})
	}
	until(t, "a round", func() bool { return r.Stats().Overwritten > 0 })
	var cuts sync.WaitGroup
	for range 3 {
		cuts.Go(func() {
			for range 10 {
				sel := NewSelection()
				if err := sel.Add(lookup(1000, 0, 1<<60)); err != nil {
					t.Error(err)
				}
				var out bytes.Buffer
				n, err := r.Cut(t.Context(), sel, &out)
				if err != nil || n == 0 {
					t.Errorf("%d packets, %v", n, err)
				}
				rd := pcapfile.NewReader(&out, "cut")
				batch := make([]capture.Packet, 100)
				for {
					k, err := rd.ReadBatch(batch)
					for _, p := range batch[:k] {
						if len(p.Data) != 942 || p.Data[941] != byte(1000&0xff) {
							t.Fatalf("packet of %d bytes", len(p.Data))
						}
					}
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
	cuts.Wait()
	close(stop)
	wg.Wait()
}

// TestRecentPinned loses packets rather than waiting for a reader.
func TestRecentPinned(t *testing.T) {
	r := newRecent(t, RecentConfig{Size: MinRecent, Payload: true})
	p := []capture.Packet{datagram(1, 1, 60_000)}
	for range 200 {
		r.Put(p, onePoint)
	}
	for _, s := range r.order {
		s.pins++
	}
	before := r.Stats()
	for range 20 {
		r.Put(p, onePoint)
	}
	if st := r.Stats(); st.Lost == 0 || st.Packets+st.Lost != 220 || st.Overwritten != before.Overwritten {
		t.Errorf("stats %+v, before %+v", st, before)
	}
}

func TestRecentAllocates(t *testing.T) {
	r := newRecent(t, RecentConfig{Size: MinRecent})
	batch := make([]capture.Packet, 512)
	for i := range batch {
		batch[i] = datagram(uint16(i), int64(i), 500)
	}
	for range 300 { // until memory is in use
		r.Put(batch, onePoint)
	}
	if n := testing.AllocsPerRun(100, func() { r.Put(batch, onePoint) }); n != 0 {
		t.Errorf("a batch of %d packets costs %v allocations", len(batch), n)
	}
}

func TestRecentFaults(t *testing.T) {
	for _, size := range []int{0, 1 << 20, -1, MaxRecent + 1} {
		if _, err := NewRecent(RecentConfig{Size: size}); err == nil {
			t.Errorf("a budget of %d bytes is taken", size)
		}
	}
	r := newRecent(t, RecentConfig{Size: MinRecent})
	var out bytes.Buffer
	if n, err := r.Cut(t.Context(), NewSelection(), &out); n != 0 || err != nil || out.Len() == 0 {
		t.Errorf("empty: %d, %v, %d bytes", n, err, out.Len())
	}
	if _, err := r.Cut(t.Context(), NewSelection(), &half{n: 100_000}); err == nil {
		t.Error("a failing writer was not noticed")
	}
}

// FuzzHeads never keeps more than there is, whatever the bytes are.
func FuzzHeads(f *testing.F) {
	p := datagram(1, 1, 10)
	for _, link := range []uint16{1, 101, 113, 276, 9} {
		f.Add(p.Data, link)
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint16) {
		p := capture.Packet{Data: data, WireLen: uint32(len(data)), Link: capture.LinkType(link), Time: 1}
		if n := fragmentHeadLen(&p); n < 0 || n > len(data) {
			t.Errorf("%d of %d bytes", n, len(data))
		}
		r, err := NewRecent(RecentConfig{Size: MinRecent})
		if err != nil {
			t.Fatal(err)
		}
		r.Put([]capture.Packet{p, p}, onePoint)
		if st := r.Stats(); st.Packets+st.Passed+st.Lost != 2 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestSelectionForgets takes out what ended, and nothing else.
func TestSelectionForgets(t *testing.T) {
	sel := NewSelection()
	for i := range 100 {
		x := lookup(uint16(1000+i%10), int64(i)*1e9, int64(i)*1e9+5)
		x.HasSeq, x.Opened = true, i == 0
		if err := sel.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	all := len(sel.hashes)
	sel.Forget(95 * 1e9)
	if sel.Len() != 5 || len(sel.flows) != 5 || len(sel.hashes) >= all || sel.from != 95e9-flowSlack {
		t.Errorf("%d exchanges, %d flows, %d hashes, from %d", sel.Len(), len(sel.flows), len(sel.hashes), sel.from)
	}
	r := newRecent(t, RecentConfig{Size: MinRecent})
	for i := range 100 {
		r.Put([]capture.Packet{datagram(uint16(1000+i%10), int64(i)*1e9+1, 10)}, onePoint)
	}
	var out bytes.Buffer
	if n, err := r.Cut(t.Context(), sel, &out); n != 5 || err != nil {
		t.Errorf("%d packets, %v", n, err)
	}
}
