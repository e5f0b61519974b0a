//go:build linux

package afpacket

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

func FuzzRtnetlink(f *testing.F) {
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], 3)
	body = append(body, 9, 0, unix.IFLA_IFNAME, 0, 'e', 't', 'h', '0', 0, 0, 0, 0)
	msg := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	msg = append(msg, make([]byte, unix.SizeofNlMsghdr-4)...)
	f.Add(append(msg, body...))
	f.Add(body)
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = messages(b, func(_, _ uint16, _ uint32, body []byte) error {
			check(t, body)
			return nil
		})
		check(t, b)
	})
}

func check(t *testing.T, body []byte) {
	if i, ok := parseLink(body); ok && (i.Name == "" || i.Index <= 0) {
		t.Fatalf("%+v", i)
	}
	if _, p, ok := parseAddr(body); ok && !p.IsValid() {
		t.Fatal(p)
	}
}

func TestParseKernel(t *testing.T) {
	for release, want := range map[string]kernel{
		"3.10.0-1160.el7.x86_64": {3, 10}, "6.1.0-18-amd64": {6, 1}, "4.19": {4, 19}, "5.10-rc1": {5, 10}, "6.18.44-fc": {6, 18}, "": {},
	} {
		if got := parseKernel(release); got != want {
			t.Errorf("%q: %v", release, got)
		}
	}
	if !(kernel{3, 10}).before(4, 3) || !(kernel{4, 2}).before(4, 3) || (kernel{4, 3}).before(4, 3) || (kernel{6, 0}).before(4, 3) {
		t.Error("kernels in the wrong order")
	}
}

func TestParseSoftnet(t *testing.T) {
	if got := parseSoftnet([]byte("006b0195 0000000a 6 0\n0089f9ac 00000010 3\n\nzz\n1 zz\n")); got != 26 {
		t.Errorf("%d drops", got)
	}
}

// TestCookedProtocol: two of the bytes behind an EtherType may look like it.
func TestCookedProtocol(t *testing.T) {
	for _, c := range []struct {
		name  string
		proto uint16
		b     []byte
		wire  int
		want  uint16
	}{
		{"IPv4", 0x0800, []byte{0x45, 0, 0, 40, 0x40}, 40, 0x0800},
		{"tag hidden by the kernel", 0x0800, []byte{0, 200, 8, 0, 0x45}, 44, 0x8100},
		{"tag with priority 2", 0x0800, []byte{0x40, 200, 8, 0, 0x45}, 44, 0x8100},
		{"IPv4 of 2048 bytes, identification 4xxx", 0x0800, []byte{0x45, 0, 8, 0, 0x45}, 2048, 0x0800},
		{"tag before IPv6", 0x86dd, []byte{0, 200, 0x86, 0xdd, 0x60}, 80, 0x8100},
		{"IPv6 with such a flow label", 0x86dd, []byte{0x60, 0, 0x86, 0xdd, 0x60}, 80, 0x86dd},
		{"ARP", 0x0806, []byte{0, 1, 8, 0, 6}, 28, 0x0806},
		{"short", 0x0800, []byte{0}, 1, 0x0800},
	} {
		if got := cookedProtocol(c.proto, c.b, c.wire); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
}
