package pcapfile

import (
	"bytes"
	"testing"

	"github.com/wirespan/wirespan/capture"
)

// FuzzRecording reads files with the comments of a recording, as a whole and
// by a probe.
func FuzzRecording(f *testing.F) {
	for _, r := range []Recording{{"host1", "0123abcd", 3, "point=a=vxlan:7\npoint-by=tunnel\n"}, {"", "x", 0, ""}, {"a\xff\x00b", "i/d", 1 << 63, ""}} {
		var out bytes.Buffer
		w := NewRecordingWriter(&out, r)
		for _, p := range toWrite {
			p.Data = p.Data[:min(len(p.Data), 100)]
			if err := w.Write(&p.Packet, p.point); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Statistics("eth0", capture.LinkEthernet, IfaceStats{Start: 1, End: 2, Drops: 3, Comment: "c"}); err != nil {
			f.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes())
	}
	dir := f.TempDir() // one for all, so that inputs can be minimised
	f.Fuzz(func(t *testing.T, b []byte) {
		path := write(t, dir, "x", b)
		s, err := Open(t.Context(), Config{Inputs: files(path)})
		if err != nil {
			return
		}
		defer s.Close()
		batch := make([]capture.Packet, 16)
		for {
			n, err := s.ReadBatch(t.Context(), batch)
			for _, p := range batch[:n] {
				if int(p.Tap) >= len(s.Points()) || s.Points()[p.Tap].Name == "" {
					t.Fatalf("point %d of %v", p.Tap, s.Points())
				}
			}
			if err != nil {
				break
			}
		}
		names := make(map[string]bool)
		for _, p := range s.Points() {
			if names[p.Name] {
				t.Errorf("two points are called %q", p.Name)
			}
			names[p.Name] = true
		}
		if len(s.Agents()) > 1 {
			t.Errorf("agents %v of one file", s.Agents())
		}
	})
}
