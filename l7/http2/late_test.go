package http2

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/wirespan/wirespan/l7/l7test"
)

// connection is the packets of one.
type connection struct {
	packets [][]byte
	infos   []gopacket.CaptureInfo
}

// connections reads a recording.
func connections(t *testing.T, file string) (list []*connection) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapgo.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	by := map[uint64]*connection{}
	for {
		p, ci, err := r.ReadPacketData()
		if err != nil {
			return list
		}
		key := gopacket.NewPacket(p, r.LinkType(), gopacket.NoCopy).TransportLayer().TransportFlow().FastHash() // the same both ways
		if by[key] == nil {
			by[key] = &connection{}
			list = append(list, by[key])
		}
		by[key].packets, by[key].infos = append(by[key].packets, p), append(by[key].infos, ci)
	}
}

// without plays a recording of which packets are missing, and lists what was
// said of each message: connection, stream and kind.
func without(t *testing.T, file string, list [][]byte, infos []gopacket.CaptureInfo, missing func(i int) bool) map[string]l7test.Message {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	_ = w.WriteFileHeader(65536, layers.LinkTypeEthernet)
	for i, p := range list {
		if !missing(i) {
			_ = w.WritePacket(infos[i], p)
		}
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := l7test.PlayCapture(file, Proto())
	if err != nil || r == nil {
		return nil
	}
	for _, f := range r.Faults {
		t.Error(f)
	}
	all := map[string]l7test.Message{}
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			all[fmt.Sprintf("stream %d %s", m.Match, m.Kind)] = m
		}
	}
	return all
}

// Whatever is missing of a recording, its start or any packet: what is told is
// what the whole recording tells, or nothing. No message is invented.
func TestNeverWrong(t *testing.T) {
	for _, name := range []string{"grpc", "grpc-nginx", "nghttp", "nginx"} {
		file := filepath.Join(t.TempDir(), name+".pcap")
		for _, one := range connections(t, filepath.Join(cases, name+".pcap")) {
			neverWrong(t, name, file, one.packets, one.infos)
		}
	}
}

func neverWrong(t *testing.T, name, file string, list [][]byte, infos []gopacket.CaptureInfo) {
	whole := without(t, file, list, infos, func(int) bool { return false })
	told := 0
	for k := 1; k < len(list); k++ {
		for about, missing := range map[string]func(i int) bool{
			"begins behind": func(i int) bool { return i < k },
			"without":       func(i int) bool { return i == k },
		} {
			for key, m := range without(t, file, list, infos, missing) {
				told++
				want, ok := whole[key]
				if !ok && m.Kind != "response" {
					t.Errorf("%s %s %d: %s was not there: %+v", name, about, k, key, m)
				}
				differ(t, fmt.Sprintf("%s %s %d: %s", name, about, k, key), m, want)
			}
		}
	}
	if told < len(list) {
		t.Errorf("%s: %d messages in %d runs", name, told, 2*len(list))
	}
}

// differ fails if a field that is there is another. Where the media type is not
// known, a call is an HTTP request, with what HTTP says of its outcome.
func differ(t *testing.T, about string, got, want l7test.Message) {
	t.Helper()
	if want.Kind == "" {
		return
	}
	plain := got.Protocol != want.Protocol
	for _, f := range [][3]string{{"method", got.Op, want.Op}, {"path", got.Resource, want.Resource}, {"host", got.Host, want.Host}} {
		if f[1] != "" && f[1] != f[2] {
			t.Errorf("%s: %s %q, want %q", about, f[0], f[1], f[2])
		}
	}
	code, failure := want.Code, want.Error
	if want.Trailer != nil {
		failure = cmp.Or(want.Trailer.Error, failure)
		code = cmp.Or(want.Trailer.Code, code)
	}
	if e := got.Error; e != "" && e != failure && !plain {
		t.Errorf("%s: error %q, want %q", about, e, failure)
	}
	http := slices.Contains(want.Attrs, fmt.Sprint("http.response.status_code=", got.Code))
	if c := got.Code; c != 0 && c != want.Code && c != code && !http {
		t.Errorf("%s: code %d, want %d", about, c, code)
	}
	if got.Trailer != nil && got.Trailer.Code != 0 && got.Trailer.Code != code {
		t.Errorf("%s: status %d, want %d", about, got.Trailer.Code, code)
	}
}
