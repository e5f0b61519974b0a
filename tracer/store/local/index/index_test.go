package index_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/local/block"
	"github.com/wirespan/wirespan/tracer/store/local/index"
)

// TestPostings finds every hash in its blocks, and seldom others.
func TestPostings(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	const blocks, each = 40, 3000
	l := index.LayoutOf(blocks*each, blocks)
	var hashes []uint64
	var postings []uint64
	for b := range uint32(blocks) {
		for range each {
			h := rnd.Uint64()
			hashes = append(hashes, h)
			postings = append(postings, l.Posting(h, b))
		}
	}
	hot := rnd.Uint64() // in every block
	for b := range uint32(blocks) {
		postings = append(postings, l.Posting(hot, b), l.Posting(hot, b))
	}
	type page struct {
		first uint64
		page  index.Page
	}
	var pages []page
	size := 0
	err := index.Pages(l, postings, func(first uint64, b []byte) error {
		p, err := index.ReadPage(nil, b)
		pages = append(pages, page{first, p})
		size += len(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	look := func(h uint64) (found []uint32) {
		at, ok := slices.BinarySearchFunc(pages, l.Prefix(h), func(p page, x uint64) int {
			if p.first == x {
				return 0
			}
			if p.first < x {
				return -1
			}
			return 1
		})
		if !ok {
			at--
		}
		if at >= 0 {
			pages[at].page.Blocks(l, l.Prefix(h), func(b uint32) { found = append(found, b) })
		}
		return found
	}
	for i, h := range hashes {
		if !slices.Contains(look(h), uint32(i/each)) {
			t.Fatalf("hash %d is not found", i)
		}
	}
	if n := len(look(hot)); n != blocks {
		t.Errorf("a hash of all blocks is found in %d of %d", n, blocks)
	}
	wrong := 0
	for range 100_000 {
		wrong += len(look(rnd.Uint64()))
	}
	if wrong > 60 {
		t.Errorf("%d of 100,000 others are found", wrong)
	}
	t.Logf("%.2f bytes a posting, %d of 100,000 others found", float64(size)/float64(blocks*each), wrong)
}

func TestHash(t *testing.T) {
	// On disk: these must never change.
	for k, want := range map[store.Key]uint64{
		{Kind: store.ByTrace, Hash: 1}:    0xf7622d3784a0ad54,
		{Kind: store.BySpan, Hash: 1}:     0xce9987a8598840f3,
		{Kind: store.ByExchange, Hash: 0}: 0x484f4b3994a28204,
	} {
		if got := index.Hash(k); got != want {
			t.Errorf("%v: %#x, want %#x", k, got, want)
		}
	}
	if index.Hash(store.Key{Kind: store.ByTrace, Hash: 1}) == index.Hash(store.Key{Kind: store.BySpan, Hash: 1}) {
		t.Error("kinds do not differ")
	}
}

func TestSummary(t *testing.T) {
	pairs := []block.Pair{{Service: "a", Name: "x", Errors: true, Longest: 1000}, {Service: "b", Name: "y", Longest: 1 << 40}}
	s := index.NewSummary(7, -5, 100, 12345, pairs)
	got, err := index.ReadSummary(s.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got.Spans != 7 || got.Min != -5 || got.Max != 100 || got.Bytes != 12345 {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		q    store.Query
		want bool
	}{
		{store.Query{Window: store.Window{From: -10}}, true},
		{store.Query{Window: store.Window{From: 101}}, false},
		{store.Query{Window: store.Window{From: -10, To: -5}}, false},
		{store.Query{Window: store.Window{From: -10}, Service: "a"}, true},
		{store.Query{Window: store.Window{From: -10}, Service: "c"}, false},
		{store.Query{Window: store.Window{From: -10}, Service: "a", Operation: "y"}, false},
		{store.Query{Window: store.Window{From: -10}, Service: "a", Errors: true}, true},
		{store.Query{Window: store.Window{From: -10}, Service: "b", Errors: true}, false},
		{store.Query{Window: store.Window{From: -10}, Service: "a", MinDuration: 5000}, false},
		{store.Query{Window: store.Window{From: -10}, MinDuration: 5000}, true},
		{store.Query{Window: store.Window{From: -10}, Operation: "y", MinDuration: 1 << 40}, true},
	} {
		if got.May(&c.q) != c.want {
			t.Errorf("%+v: %v", c.q, !c.want)
		}
	}
	var many []block.Pair
	for i := range 5000 {
		many = append(many, block.Pair{Name: fmt.Sprint(i)})
	}
	all, err := index.ReadSummary(index.NewSummary(1, 0, 0, 0, many).Append(nil))
	if err != nil || !all.May(&store.Query{Service: "anyone"}) {
		t.Errorf("a block of too many names is not looked at: %v", err)
	}
}

func table() index.Table {
	tb := index.Table{}
	for i := range 9000 {
		var c index.Count
		if i%3 > 0 {
			c.Span(int64(i)*1e5, i%7 == 0)
			c.Span(int64(i)*1e7, false)
		}
		tb.Add(index.Row{Step: int64(i/100) * store.RateStep, Service: fmt.Sprint("s", i%10), Name: fmt.Sprint("n", i%100), Protocol: "http", Signal: store.Signal(i % 3)}, &c)
	}
	return tb
}

func TestRates(t *testing.T) {
	want := table()
	got := index.Table{}
	parts := 0
	err := want.Parts(func(b []byte) error {
		parts++
		if err := index.ReadPart(b[:len(b)-1], func(index.Row, *index.Count) {}); !errors.Is(err, index.ErrDamaged) {
			t.Errorf("cut: %v", err)
		}
		return index.ReadPart(b, func(r index.Row, c *index.Count) { got.Add(r, c) })
	})
	if err != nil || parts < 2 {
		t.Fatalf("%d parts, %v", parts, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzReadPage(f *testing.F) {
	l := index.LayoutOf(100, 4)
	_ = index.Pages(l, []uint64{1, 5, 1 << 30}, func(_ uint64, b []byte) error {
		f.Add(append([]byte(nil), b...))
		return nil
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := index.ReadPage(nil, b)
		if err != nil {
			return
		}
		if !slices.IsSorted(p) {
			t.Error("not sorted")
		}
		p.Blocks(l, p.Last(l), func(uint32) {})
	})
}

func FuzzReadSummary(f *testing.F) {
	f.Add(index.NewSummary(7, -5, 100, 12345, []block.Pair{{Service: "a", Name: "x", Errors: true, Longest: 1000}}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := index.ReadSummary(b); err == nil {
			s.May(&store.Query{Service: "a", Errors: true, MinDuration: 5})
			if _, err := index.ReadSummary(s.Append(nil)); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzReadPart(f *testing.F) {
	_ = table().Parts(func(b []byte) error {
		f.Add(append([]byte(nil), b[:len(b)-8]...))
		return nil
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		got := index.Table{}
		if err := index.ReadPart(index.Sealed(b), func(r index.Row, c *index.Count) { got.Add(r, c) }); err != nil {
			return
		}
	})
}
