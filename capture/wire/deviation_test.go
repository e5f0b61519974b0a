package wire

import (
	"testing"

	"github.com/wirespan/wirespan/capture/defrag"
)

func compare(t *testing.T, name, path string) {
	packets, lines := readCapture(path), dissect(t, path)
	d := NewDecoder(defrag.Default())
	var f Frame
	n, bad := 0, 0
	for i := range min(len(packets), len(lines)) {
		want, tunnelled := expect(lines[i])
		got := ""
		r := d.Decode(&packets[i], &f)
		if r == OK {
			got = summary(&f)
			n++
		}
		if got != want && (got != "" || !tunnelled) {
			if bad++; bad <= 3 {
				t.Errorf("frame %d: %v tunnel %v link %d\n%s\n got %s\nwant %s", i+1, r, f.Tunnel.Kind, packets[i].Link, lines[i][0], got, want)
			}
		}
	}
	t.Logf("%d packets, %d lines, %d decoded", len(packets), len(lines), n)
	if bad > 0 {
		t.Errorf("%d of %d frames deviate (%d decoded)", bad, len(packets), n)
	}
}
