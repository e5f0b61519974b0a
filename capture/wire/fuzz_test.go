package wire

import (
	"testing"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/defrag"
)

func FuzzDecode(f *testing.F) {
	for _, c := range append(cases, tunnelCases...) {
		f.Add(uint16(c.link), uint16(0), unhex(f, c.hex))
	}
	f.Fuzz(func(t *testing.T, link, cut uint16, b []byte) {
		d := NewDecoder(defrag.Default())
		var fr Frame
		for range 2 { // the second time fragments meet each other
			p := capture.Packet{Data: b, WireLen: uint32(len(b)) + uint32(cut), Link: capture.LinkType(link)}
			r := d.Decode(&p, &fr)
			if r >= NumReasons {
				t.Fatalf("reason %d", r)
			}
			if r != OK {
				continue
			}
			if uint32(len(fr.Payload)) > fr.PayloadLen {
				t.Fatalf("%d bytes of payload, %d on the wire", len(fr.Payload), fr.PayloadLen)
			}
			if uint32(len(fr.Payload)) < fr.PayloadLen && !fr.Truncated {
				t.Fatal("short, but not marked")
			}
			if echo := fr.Proto == ProtoICMP && fr.Version == 4 || fr.Proto == ProtoICMPv6 && fr.Version == 6; fr.Proto != ProtoTCP && fr.Proto != ProtoUDP && !echo || fr.Version != 4 && fr.Version != 6 {
				t.Fatalf("proto %d, version %d", fr.Proto, fr.Version)
			}
			fr.Hash()
		}
	})
}
