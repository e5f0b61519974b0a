package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"
)

// inERSPAN puts each frame of a little-endian pcap behind Ethernet, IPv4, GRE and
// an ERSPAN II header of session 3 with a VLAN.
func inERSPAN(b []byte, vlan uint16) []byte {
	out := bytes.Clone(b[:24])
	for b = b[24:]; len(b) >= 16; {
		n := int(binary.LittleEndian.Uint32(b[8:]))
		head := []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0}
		head = binary.BigEndian.AppendUint16(head, uint16(20+16+n))
		head = append(head, 0, 1, 0, 0, 64, 47, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2)
		head = append(head, 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1) // with sequence number
		head = binary.BigEndian.AppendUint16(head, 1<<12|vlan)
		head = append(head, 0, 3, 0, 0, 0, 9)
		record := bytes.Clone(b[:16])
		for _, at := range []int{8, 12} {
			binary.LittleEndian.PutUint32(record[at:], binary.LittleEndian.Uint32(record[at:])+uint32(len(head)))
		}
		out = append(append(append(out, record...), head...), b[16:16+n]...)
		b = b[16+n:]
	}
	return out
}

// TestNoMirrorClock says that no packet had the time that was asked for: those
// of ERSPAN II have none.
func TestNoMirrorClock(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "erspan.pcap", inERSPAN(readFile(t, goldenCapture("http-methods")), 0))
	for _, f := range []string{file, goldenCapture("http-methods")} {
		o := wirespan(t, "read", "--progress=never", "--mirror-clock", "erspan", "--out", "ndjson:"+os.DevNull, f)
		if o.code != 0 || !strings.Contains(o.stderr, "no packet came with a time stamp of ERSPAN type III") {
			t.Errorf("exit status %d:\n%s", o.code, o.stderr)
		}
	}
}

// TestTunnelVLAN holds that a span tells the VLAN that a mirror says its packets
// were in, beside that of the mirror's own packets.
func TestTunnelVLAN(t *testing.T) {
	t.Parallel()
	whole := readFile(t, goldenCapture("http-methods"))
	plain := spansOf(t, goldenCapture("http-methods"))
	for _, vlan := range []uint16{100, 0} {
		spans := spansOf(t, writeFile(t, "erspan.pcap", inERSPAN(whole, vlan)))
		if len(spans) != len(plain) || len(spans) == 0 {
			t.Fatalf("%d spans, %d without tunnel", len(spans), len(plain))
		}
		for i := range spans {
			s := &spans[i]
			if got, ok := s.Attributes["wirespan.tunnel.vlan"]; ok != (vlan != 0) || ok && s.num("wirespan.tunnel.vlan") != int64(vlan) {
				t.Errorf("VLAN %d: %s has %v", vlan, s.what(), got)
			}
			if s.str("wirespan.tunnel.kind") != "erspan2" || s.str("wirespan.tunnel.id") != "3" || s.str("wirespan.vlan") != "" {
				t.Errorf("%s: %v", s.what(), s.Attributes)
			}
		}
	}
}
