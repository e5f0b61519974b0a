package tunnel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestERSPANAgainstTshark compares random headers of types II and III, with all
// platform-specific subheaders, with what tshark reads from them.
func TestERSPANAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark")
	}
	random := rand.New(rand.NewPCG(1, 2))
	file := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 228, 0, 0, 0}
	var heads []Header
	for i := range 400 {
		gre := erspanHeader(random, i)
		h, v := ParseGRE(gre)
		if v != Inner {
			t.Fatalf("%x: %d", gre, v)
		}
		heads = append(heads, h)
		packet := append([]byte{0x45, 0, 0, byte(20 + len(gre)), 0, 0, 0, 0, 64, 47, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}, gre...)
		file = append(file, make([]byte, 8)...)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(packet)))
		file = binary.LittleEndian.AppendUint32(file, uint32(len(packet)))
		file = append(file, packet...)
	}
	path := filepath.Join(t.TempDir(), "erspan.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-r", path, "-n", "-T", "fields"}
	for _, f := range []string{
		"version", "spanid", "vlan", "index", "timestamp", "direction", "gra", "hw",
		"pid1.port_index", "pid3.port_index", "pid5.port_index", "pid7.source_index",
	} {
		args = append(args, "-e", "erspan."+f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
	if len(lines) != len(heads) {
		t.Fatalf("tshark shows %d of %d packets", len(lines), len(heads))
	}
	for i, h := range heads {
		if want := shownByTshark(strings.Split(string(lines[i]), "\t")); want != h.shown() {
			t.Errorf("packet %d: %s, tshark %s", i+1, h.shown(), want)
		}
	}
}

// erspanHeader makes a GRE header with one of ERSPAN and a few bytes behind.
func erspanHeader(random *rand.Rand, i int) []byte {
	b := binary.BigEndian.AppendUint32(nil, random.Uint32())
	if i%2 == 0 {
		b[0] = b[0]&0xf | 0x10
		gre := append([]byte{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1}, b...)
		return append(binary.BigEndian.AppendUint32(gre, random.Uint32()), make([]byte, 14)...)
	}
	b[0] = b[0]&0xf | 0x20
	gre := append([]byte{0x10, 0, 0x22, 0xeb, 0, 0, 0, 1}, b...)
	gre = binary.BigEndian.AppendUint32(gre, random.Uint32())
	gre = binary.BigEndian.AppendUint16(gre, uint16(random.Uint32()))
	flags := uint16(random.Uint32()) &^ 0x7c00 // Ethernet
	gre = binary.BigEndian.AppendUint16(gre, flags)
	if flags&1 != 0 {
		platform := []uint32{0, 1, 3, 4, 5, 6, 7, 9}[random.IntN(8)]
		gre = binary.BigEndian.AppendUint32(gre, platform<<26|random.Uint32()>>6)
		gre = binary.BigEndian.AppendUint32(gre, random.Uint32())
	}
	return append(gre, make([]byte, 14)...)
}

func (h Header) shown() string {
	return fmt.Sprintf("session %d vlan %d origin %d/%d stamp %d unit %d %s", h.ID, h.Mark.VLAN, h.Mark.Origin>>32, uint32(h.Mark.Origin), h.Mark.Stamp, h.Mark.Unit, h.Mark.Way)
}

func shownByTshark(v []string) string {
	n := func(i int) uint64 {
		u, _ := strconv.ParseUint(v[i], 0, 64)
		return u
	}
	origin, way, unit, stamp := n(3)+n(8)+n(9)+n(10)+n(11), "", uint64(0), uint64(0)
	if n(0) == 2 {
		way = "ingress"
		if n(5) == 1 || strings.EqualFold(v[5], "true") || strings.EqualFold(v[5], "egress") {
			way = "egress"
		}
		if n(6) < 3 {
			unit, stamp = n(6)+1, n(4)
		}
	}
	return fmt.Sprintf("session %d vlan %d origin %d/%d stamp %d unit %d %s", n(1), n(2), n(7), origin, stamp, unit, way)
}
