package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPointsGWLB holds that what two endpoints of a Gateway Load Balancer show of a
// connection is one exchange with a sighting at each, whichever zones its packets
// came from, and that rules name them. The capture is crafted: testdata/points/gwlb.md.
func TestPointsGWLB(t *testing.T) {
	t.Parallel()
	const n = 3
	file := pointCaptures("gwlb")[0]
	for _, c := range []struct {
		args          []string
		client, inner string
	}{
		{[]string{"--point-by", "tunnel"}, "gwlb/gwlbe-2b8ee1d4db0c51c4", "gwlb/gwlbe-0c33f1a89be02d07"},
		{[]string{"--point", "edge=gwlbe:vpce-02b8ee1d4db0c51c4", "--point", "shop=gwlbe:0c33f1a89be02d07"}, "edge", "shop"},
	} {
		spans := spansOf(t, append(c.args, file)...)
		exchanges, seen := exchangesOf(spans)
		if d := cmp.Diff(map[string]int{c.client: n, c.inner: n}, seen); d != "" || exchanges != n || len(traceIDs(spans)) != n {
			t.Errorf("%v: %d exchanges in %d traces, want %d; sightings (-want +got):\n%s", c.args, exchanges, len(traceIDs(spans)), n, d)
		}
		parents := make(map[string]string) // point of a span
		for i := range spans {
			parents[spans[i].ID] = spans[i].str("wirespan.capture.point")
		}
		for i := range spans {
			want := ""
			if spans[i].str("wirespan.capture.point") == c.inner {
				want = c.client
			}
			if got := parents[spans[i].Parent]; got != want {
				t.Errorf("%v: %s of %s is below %q, want %q", c.args, spans[i].what(), spans[i].str("wirespan.capture.point"), got, want)
			}
		}
	}
}
