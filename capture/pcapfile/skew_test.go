package pcapfile

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const second = int64(1e9)

// talk is what a connection sends, as a point with a clock of its own sees it.
type talk struct {
	from, n      int   // turns, each of a request and a response
	ahead, delay int64 // of the clock; of the way from the first point, nanoseconds
	port         uint16
	server       byte // last part of its address: translation changes it
	half         bool // requests only
}

// file writes the packets of a point; t0 is the time of the first turn.
func (k talk) file(t0 int64) []byte {
	f := newPcapFile(binary.LittleEndian, magicNano, 101)
	for i := k.from; i < k.from+k.n; i++ {
		t := t0 + int64(i)*second/10
		f.segment(t+k.delay+k.ahead, k, true, 1000+uint32(i)*40, 9000+uint32(i)*60, 40)
		if !k.half {
			f.segment(t+second/100-k.delay+k.ahead, k, false, 9000+uint32(i)*60, 1040+uint32(i)*40, 60)
		}
	}
	return f.Bytes()
}

// segment adds an IPv4 packet with a TCP segment.
func (f *pcapFile) segment(t int64, k talk, request bool, seq, ack uint32, n int) {
	b := make([]byte, 40+n)
	b[0], b[8], b[9] = 0x45, 64, 6
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	src, dst, sport, dport := []byte{192, 0, 2, 1}, []byte{198, 51, 100, k.server}, k.port, uint16(80)
	if !request {
		src, dst, sport, dport = dst, src, dport, sport
	}
	copy(b[12:], src)
	copy(b[16:], dst)
	binary.BigEndian.PutUint16(b[20:], sport)
	binary.BigEndian.PutUint16(b[22:], dport)
	binary.BigEndian.PutUint32(b[24:], seq)
	binary.BigEndian.PutUint32(b[28:], ack)
	b[32], b[33] = 5<<4, 0x18
	copy(b[40:], fmt.Sprintf("%d:%d", k.port, seq))
	f.add(uint32(t/second), uint32(t%second), string(b))
}

// TestSkew holds that clocks that are apart are found from the segments that
// files have in common, that packets then come in their true order, and that
// files with nothing in common are left alone.
func TestSkew(t *testing.T) {
	const t0 = 1_700_000_000 * second
	edge := talk{n: 50, port: 40000, server: 1}
	on := func(k talk, ahead, delay int64, server byte) talk {
		k.ahead, k.delay, k.server = ahead, delay, server
		return k
	}
	other := talk{n: 50, port: 50000, server: 7}
	for _, c := range []struct {
		name  string
		files map[string]talk
		args  []string
		want  map[string]int64 // points and what is taken off
		near  int64
	}{
		{"one clock", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, 0, 50_000, 9)}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": 0}, 0},
		{"half a second", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, second/2, 50_000, 9)}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": second / 2}, 0},
		{"the first one has the right time", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, second/2, 50_000, 9)}, []string{"b.pcap", "a.pcap"}, map[string]int64{"a": -second / 2, "b": 0}, 0},
		{"an hour: the files do not overlap, and are no rotation", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, -3600*second, 50_000, 9)}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": -3600 * second}, 0},
		{"the delay of the way is no offset", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, 0, 2_000_000, 9)}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": 0}, 0},
		{"an offset on a long way", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, second, 2_000_000, 9)}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": second}, 2_000_000},
		{"one direction tells only what no path can be", map[string]talk{"a.pcap": edge, "b.pcap": {n: 50, port: 40000, half: true, ahead: second / 2}}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": 0}, 0},
		{"one direction, far apart", map[string]talk{"a.pcap": edge, "b.pcap": {n: 50, port: 40000, half: true, ahead: 20 * second}}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": 20 * second}, 0},
		{"nothing in common", map[string]talk{"a.pcap": edge, "b.pcap": on(other, second/2, 0, 7)}, []string{"a.pcap", "b.pcap"}, map[string]int64{"a": 0, "b": 0}, 0},
		{"one rotation under two names", map[string]talk{"a.pcap": {n: 50, port: 40000}, "b.pcap": {from: 50, n: 50, port: 40000}}, []string{"a.pcap", "b.pcap"}, nil, 0},
		{"over a third point", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, 7*second, 0, 1), "c.pcap": on(other, -2*second, 0, 7), "d.pcap": on(other, 0, 0, 7)}, []string{"a.pcap", "b.pcap", "c.pcap", "d.pcap"}, map[string]int64{"a": 0, "b": 7 * second, "c": 0, "d": 2 * second}, 0},
		{"named points", map[string]talk{"a.pcap": edge, "b.pcap": on(edge, -second, 0, 1)}, []string{"x=a.pcap", "y=b.pcap"}, map[string]int64{"x": 0, "y": -second}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := map[string][]byte{}
			for name, k := range c.files {
				content[name] = k.file(t0)
			}
			dir := tree(t, content)
			cfg := Config{}
			for _, a := range c.args {
				cfg.Inputs = append(cfg.Inputs, input1(dir, a))
			}
			s, err := Open(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			packets := drain(t, s)
			got := map[string]int64{}
			for _, p := range s.Points() {
				got[p.Name] = p.Ahead
			}
			if c.want == nil {
				if len(s.Points()) != 1 {
					t.Errorf("points %v, want one", s.Points())
				}
				return
			}
			if d := cmp.Diff(c.want, got, cmp.Comparer(func(a, b int64) bool { return max(a-b, b-a) <= c.near })); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if !slices.IsSortedFunc(packets, func(a, b packet) int { return int(a.Time - b.Time) }) {
				t.Error("packets are not in order")
			}
			cfg.KeepTimes = true
			raw, err := Open(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			for _, p := range drain(t, raw) {
				p.Time -= got[p.Point]
				if !slices.ContainsFunc(packets, func(o packet) bool { return o.Point == p.Point && o.Time == p.Time && o.Data == p.Data }) {
					t.Fatalf("packet of %s at %d is another one", p.Point, p.Time)
				}
			}
		})
	}
}

// input1 is an input as on the command line: a file, or NAME=FILE.
func input1(dir, arg string) Input {
	for i := range arg {
		if arg[i] == '=' {
			return Input{Name: arg[:i], Paths: []string{filepath.Join(dir, arg[i+1:])}}
		}
	}
	return Input{Paths: []string{filepath.Join(dir, arg)}}
}

// TestSketchIsBounded holds that a sketch keeps few of many segments, and the
// same ones wherever they are seen.
func TestSketchIsBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	keys := make([]uint64, 50_000)
	for i := range keys {
		keys[i] = rnd.Uint64()
	}
	sketchOf := func(keys []uint64, ahead int64) *sketch {
		s := newSketch()
		for i, k := range keys {
			if s.wants(k) {
				s.first[k] = int64(i) + ahead
				s.shrink()
			}
		}
		return s.done()
	}
	a, b := sketchOf(keys, 5), sketchOf(keys[20_000:], 25_000)
	if len(a.list) > maxSketch || len(a.list) < maxSketch/4 {
		t.Errorf("%d segments of %d", len(a.list), len(keys))
	}
	n := 0
	common(a, b, func(key uint64, ta, tb int64) {
		if n++; tb-ta != 4995 {
			t.Errorf("%d and %d", ta, tb)
		}
	})
	if n < len(a.list)/2 {
		t.Errorf("%d of %d and %d segments in common", n, len(a.list), len(b.list))
	}
	u := union([]*sketch{a, nil, b})
	if len(u.list) == 0 || u.level != max(a.level, b.level) {
		t.Errorf("%d segments at level %d", len(u.list), u.level)
	}
}
