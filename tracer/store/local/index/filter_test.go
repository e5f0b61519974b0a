package index

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFilter: what is in the set is found, also after reading it back; of what is not
// few are taken for it, whether numbers are random or counted up.
func TestFilter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 100, 50_000} {
		for name, number := range map[string]func(i int) uint64{
			"random":  func(int) uint64 { return rnd.Uint64() },
			"counted": func(i int) uint64 { return uint64(i) },
			"high":    func(i int) uint64 { return uint64(i) << 40 },
		} {
			f := NewFilter(n)
			var in []uint64
			for i := range n {
				in = append(in, number(i))
				f.Add(in[i])
			}
			g, err := ReadFilter(f.Append([]byte("x"))[1:])
			if err != nil || !slices.Equal(f, g) {
				t.Fatalf("%s %d: %v", name, n, err)
			}
			for _, v := range in {
				if !g.May(v) {
					t.Fatalf("%s: %d is not found", name, v)
				}
			}
			wrong := 0
			for i := range 20_000 {
				if g.May(number(n + i)) {
					wrong++
				}
			}
			if n > 1 && wrong > 20_000*2/100 || n == 0 && wrong > 0 {
				t.Errorf("%s %d: %d of 20000 are taken for one of the set", name, n, wrong)
			}
		}
	}
	if !Filter(nil).May(5) {
		t.Error("without a filter every number may be there")
	}
}

func FuzzReadFilter(f *testing.F) {
	one := NewFilter(100)
	one.Add(7)
	f.Add(one.Append(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := ReadFilter(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		g.May(7)
		if !slices.Equal(g.Append(nil), b) {
			t.Fatal("not what was read")
		}
	})
}
