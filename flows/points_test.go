package flows

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPointLoss holds what counts as lost on the way to a capture point: what
// was acknowledged and never seen, nothing else.
func TestPointLoss(t *testing.T) {
	for _, tc := range []struct {
		name  string
		steps []step
		want  PointStats
	}{
		{"everything is seen", after3(
			pkt(40, 'c', "PA", 1001, 5001, "abc"),
			pkt(50, 's', "PA", 5001, 1004, "ABCD"),
			pkt(60, 'c', "FA", 1004, 5005, ""),
			pkt(70, 's', "FA", 5005, 1005, ""),
		), PointStats{Conns: 1, Segments: 2, Bytes: 7}},
		{"a segment that the receiver has", after3(
			pkt(40, 'c', "PA", 1001, 5001, "abc"),
			pkt(41, 'c', "PA", 1014, 5001, "def"),
			pkt(50, 's', "PA", 5001, 1017, "ABCD"),
		), PointStats{Conns: 1, Segments: 3, Bytes: 10, Holes: 1, Unseen: 10}},
		{"the last segment, with nothing behind it", after3(
			pkt(40, 'c', "PA", 1001, 5001, "abc"),
			pkt(50, 's', "A", 5001, 1024, ""),
		), PointStats{Conns: 1, Segments: 1, Bytes: 3, Holes: 1, Unseen: 20}},
		{"nobody acknowledged it: it was lost on the wire, or is still to come", after3(
			pkt(40, 'c', "PA", 1014, 5001, "def"),
			pkt(50, 's', "PA", 5001, 1001, "ABCD"),
		), PointStats{Conns: 1, Segments: 2, Bytes: 7}},
		{"part of it is acknowledged", after3(
			pkt(40, 'c', "PA", 1014, 5001, "def"),
			pkt(50, 's', "PA", 5001, 1005, "ABCD"),
		), PointStats{Conns: 1, Segments: 2, Bytes: 7, Holes: 1, Unseen: 4}},
		{"lost on the wire and sent again", after3(
			pkt(40, 'c', "PA", 1004, 5001, "def"),
			pkt(50, 's', "A", 5001, 1001, ""),
			pkt(60, 'c', "PA", 1001, 5001, "abc"),
			pkt(70, 's', "A", 5001, 1007, ""),
		), PointStats{Conns: 1, Segments: 2, Bytes: 6}},
		{"seen twice", after3(
			pkt(40, 'c', "PA", 1001, 5001, "abc"),
			pkt(41, 'c', "PA", 1001, 5001, "abc"),
			pkt(50, 's', "A", 5001, 1004, ""),
		), PointStats{Conns: 1, Segments: 2, Bytes: 6}},
		{"cut by snaplen", after3(
			pkt(40, 'c', "PA", 1001, 5001, "abc").cutBy(1000),
			pkt(50, 's', "PA", 5001, 2004, "ABCD"),
		), PointStats{Conns: 1, Segments: 2, Bytes: 1007}},
		{"the capture began while segments were on their way", []step{
			pkt(40, 's', "A", 5001, 1001, ""),
			pkt(41, 'c', "PA", 1014, 5001, "def"),
			pkt(50, 's', "A", 5001, 1017, ""),
			pkt(51, 'c', "PA", 1017, 5001, "ghi"),
			pkt(52, 's', "A", 5001, 1020, ""),
		}, PointStats{Conns: 1, Segments: 2, Bytes: 6}},
		{"one direction only", []step{
			pkt(40, 'c', "PA", 1001, 5001, "abc"),
			pkt(41, 'c', "PA", 1004, 6001, "def"),
			pkt(42, 'c', "PA", 1014, 6501, "ghi"),
			pkt(42, 'c', "PA", 1017, 6501, "jkl"),
			pkt(43, 'c', "PA", 1020, 6501, "mno"),
		}, PointStats{Conns: 1, OneSided: 1}},
		{"no payload at all", after3(), PointStats{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRecorder(t)
			tb := r.run(Default(), clientEnd, serverEnd, tc.steps)
			if d := cmp.Diff([]PointStats{tc.want}, tb.Points()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestPointsAreBounded holds that the last counters take all points beyond the
// bound.
func TestPointsAreBounded(t *testing.T) {
	r := newRecorder(t)
	r.quiet = true
	tb := newTable(t, Default(), r)
	for i := range 3000 {
		f := pkt(0, 'c', "PA", 1, 1, "abc").frame(clientEnd, serverEnd)
		f.Tap = uint16(i)
		tb.Push(&f, epoch)
		f = pkt(0, 's', "PA", 1, 4, "ab").frame(clientEnd, serverEnd)
		f.Tap = uint16(i)
		tb.Push(&f, epoch)
	}
	tb.Flush(epoch)
	p := tb.Points()
	if len(p) != maxPoints || p[0].Bytes != 2 || p[maxPoints-1].Conns != 3000-maxPoints+1 {
		t.Errorf("%d points, the last %+v", len(p), p[len(p)-1])
	}
	var sum PointStats
	for i := range p {
		sum.Add(&p[i])
	}
	if sum.Conns != 3000 || sum.Loss() != 0 {
		t.Errorf("%+v", sum)
	}
	if sum.Unseen = sum.Bytes; sum.Loss() != 0.5 {
		t.Errorf("loss %v", sum.Loss())
	}
}
