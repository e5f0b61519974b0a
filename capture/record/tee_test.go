package record

import (
	"context"
	"errors"
	"io"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// script is a source of given packets.
type script struct {
	left   []capture.Packet
	end    error
	closed bool
}

func (s *script) ReadBatch(_ context.Context, dst []capture.Packet) (int, error) {
	n := copy(dst, s.left)
	if s.left = s.left[n:]; len(s.left) == 0 {
		return n, s.end // packets may come with the error
	}
	return n, nil
}
func (s *script) Points() []capture.Point       { return onePoint }
func (s *script) Stats() (capture.Stats, error) { return capture.Stats{Packets: 7}, nil }
func (s *script) Close() error                  { s.closed = true; return nil }

// rich is a script that can all that a source may.
type rich struct {
	script
	filter []bpf.RawInstruction
}

func (r *rich) Lend() func()              { return func() {} }
func (r *rich) TakeNames() []capture.Name { return []capture.Name{{Name: "x"}} }
func (r *rich) SetFilter(p []bpf.RawInstruction) error {
	r.filter = p
	return nil
}

// limit is a sink that ends after so many packets.
type limit struct{ seen, most int }

func (l *limit) Put(batch []capture.Packet, points []capture.Point) int {
	n := min(len(batch), l.most-l.seen)
	l.seen += n
	return n
}
func (l *limit) Ended() bool { return l.seen == l.most }

// readThrough reads a source to its end.
func readThrough(t *testing.T, src capture.Source, size int) (n int, err error) {
	t.Helper()
	batch := make([]capture.Packet, size)
	for range 1000 {
		k, err := src.ReadBatch(t.Context(), batch)
		n += k
		if err != nil {
			return n, err
		}
	}
	t.Fatal("the source does not end")
	return 0, nil
}

func TestTeePassesOn(t *testing.T) {
	plain := Tee(&script{end: io.EOF})
	if _, lends := plain.(capture.Lender); lends {
		t.Error("a tee lends what its source does not")
	}
	if err := plain.(capture.Filterer).SetFilter(nil); err == nil {
		t.Error("a source without filter took one")
	}
	if n := plain.(capture.Namer).TakeNames(); n != nil {
		t.Errorf("names %v", n)
	}
	r := &rich{}
	full := Tee(r)
	if l, ok := full.(capture.Lender); !ok || l.Lend() == nil {
		t.Error("a tee does not lend what its source does")
	}
	if err := full.(capture.Filterer).SetFilter(make([]bpf.RawInstruction, 3)); err != nil || len(r.filter) != 3 {
		t.Errorf("filter %v, error %v", r.filter, err)
	}
	if n := full.(capture.Namer).TakeNames(); len(n) != 1 {
		t.Errorf("names %v", n)
	}
	if st, _ := full.Stats(); st.Packets != 7 {
		t.Errorf("stats %+v", st)
	}
	if full.Close(); !r.closed {
		t.Error("source is open")
	}
}

func TestTeeEnds(t *testing.T) {
	failed := errors.New("failed")
	for _, c := range []struct {
		packets, most, size int
		end                 error
		want                int
		err                 error
	}{
		{100, 1000, 7, io.EOF, 100, io.EOF},
		{100, 1000, 7, failed, 100, failed},
		{100, 1000, 200, failed, 100, failed}, // packets come with the error
		{100, 50, 7, failed, 50, io.EOF},
		{100, 49, 7, failed, 49, io.EOF},
		{100, 99, 200, failed, 99, io.EOF}, // the error came after the end
		{100, 0, 7, failed, 0, io.EOF},
	} {
		l := &limit{most: c.most}
		other := &limit{most: 1 << 30}
		n, err := readThrough(t, Tee(&script{left: frames(c.packets, 60, 10), end: c.end}, l, other), c.size)
		if n != c.want || !errors.Is(err, c.err) || l.seen != n || other.seen != n {
			t.Errorf("%+v: %d packets, %v; sinks saw %d, %d", c, n, err, l.seen, other.seen)
		}
	}
}
