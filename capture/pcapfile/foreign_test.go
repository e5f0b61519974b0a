package pcapfile

import (
	"encoding/binary"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestForeignFormats(t *testing.T) {
	etl := make([]byte, 128)
	binary.LittleEndian.PutUint32(etl[72:], 0xc0020002)
	erf := make([]byte, 96)
	binary.LittleEndian.PutUint64(erf, 1700000000<<32)
	erf[8], erf[11], erf[15] = 2, 96, 78
	for _, c := range []struct{ file, content, want string }{
		{"in.snoop", "snoop\x00\x00\x00\x00\x00\x00\x02", "is a snoop capture (RFC 1761), not pcap or pcapng; convert it with: editcap -F pcapng DIR/in.snoop DIR/in.pcapng"},
		{"in.cap", "GMBU\x00\x02", "Network Monitor 2 capture, not pcap or pcapng; convert it with: editcap -F pcapng DIR/in.cap DIR/in.pcapng"},
		{"in.cap", "RTSS\x00\x02", "Network Monitor 1"},
		{"in.etl", string(etl), "convert it with: etl2pcapng DIR/in.etl DIR/in.pcapng"},
		{"in.erf", string(erf), "is an Endace ERF capture, not pcap or pcapng; convert it with: editcap -F pcapng DIR/in.erf DIR/in.pcapng"},
		{"in.trc", "TRSNIFF data    \x1a", "DOS Sniffer"},
		{"in.5vw", "\xaa\xaa\xaa\xaa\x00", "5Views"},
		{"in.ipt", "iptrace 2.0", "iptrace"},
		{"in.txt", "12:00:00.000001 IP 10.0.0.1.1 > 10.0.0.2.2: tcp 5\n\t0x0000:  4500 0029 0001", "text2pcap -l 101 - DIR/in.pcapng"},
		{"in.txt", "12:00:00.000001 IP 10.0.0.1.1 > 10.0.0.2.2: tcp 5\n", "is text as tcpdump prints it (packets are kept with tcpdump -w), not pcap or pcapng"},
		{"in.txt", "0000  45 00 00 29\n", "convert it with: text2pcap DIR/in.txt DIR/in.pcapng"},
		{"in.xz", "\xfd7zXZ\x00\x00", "xz -dk DIR/in.xz"},
		{"my file.snoop", "snoop\x00\x00\x00", "editcap -F pcapng 'DIR/my file.snoop' 'DIR/my file.pcapng'"},
		{"in.json", "[{\"a\":1}]", "not a capture file (starts with 5b 7b 22 61 22 3a 31 7d)"},
		{"in.bin", strings.Repeat("\x00", 200), "not a capture file"},
	} {
		path := write(t, t.TempDir(), c.file, []byte(c.content))
		_, err := Open(t.Context(), Config{Inputs: files(path)})
		var format *FormatError
		if !errors.As(err, &format) {
			t.Errorf("%s: error %v", c.file, err)
			continue
		}
		want := strings.ReplaceAll(c.want, "DIR", filepath.Dir(path))
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: error %v\nwant %s", c.file, err, want)
		}
		if got := format.Error(); got != err.Error() {
			t.Errorf("%s: cause %s", c.file, got)
		}
	}
}
