package pcapfile

import (
	"testing"

	"github.com/wirespan/wirespan/capture"
)

// FuzzSkew sketches and compares whatever packets hold.
func FuzzSkew(f *testing.F) {
	f.Add(talk{n: 2, port: 40000, server: 1}.file(1e18)[40:], int64(5))
	f.Add([]byte{}, int64(0))
	f.Fuzz(func(t *testing.T, b []byte, ahead int64) {
		a, o := newSketch(), newSketch()
		for at := 1; at <= 64 && at < len(b); at++ {
			p := capture.Packet{Data: b[at-1:], Time: int64(at), WireLen: uint32(len(b)), Link: capture.LinkRaw}
			a.add(&p)
			p.Time += ahead
			o.add(&p)
		}
		for i, k := range aligned([]*sketch{a.done(), nil, o.done()}) {
			if i < 2 && k != (skew{}) {
				t.Errorf("the first is %d ahead", k.ahead)
			}
		}
	})
}
