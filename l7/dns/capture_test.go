package dns

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/ip4defrag"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// capturesDir is other people's data; it is read in place where it exists.
const capturesDir = "../../../shared/captures"

// payload is what a frame carries above UDP or TCP.
type payload struct {
	frame    int // from 1
	time     int64
	tcp      bool
	src, dst netip.AddrPort
	seq      uint32
	syn      bool
	b        []byte
}

// flow is a payload's connection, without regard to direction.
type flow struct {
	tcp  bool
	a, b netip.AddrPort
}

func (p payload) flow() flow {
	if p.src.Compare(p.dst) < 0 {
		return flow{p.tcp, p.src, p.dst}
	}
	return flow{p.tcp, p.dst, p.src}
}

// captureFiles lists the captures below a folder of capturesDir.
func captureFiles(t *testing.T, folder string) []string {
	t.Helper()
	root := filepath.Join(capturesDir, folder)
	if _, err := os.Stat(root); err != nil {
		t.Skip("the shared captures are not here: ", err)
	}
	var files []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if ext := filepath.Ext(path); ext == ".pcap" || ext == ".pcapng" || ext == ".cap" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// readCapture decodes a capture with gopacket, innermost layers first. It
// returns nil for files that pcapgo does not read.
func readCapture(path string) []payload {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var src interface {
		gopacket.PacketDataSource
		LinkType() layers.LinkType
	}
	if ng, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{WantMixedLinkType: true}); err == nil {
		src = ng
	} else if r, err := pcapgo.NewReader(bytes.NewReader(b)); err == nil {
		src = r
	} else {
		return nil
	}
	var out []payload
	fragments := ip4defrag.NewIPv4Defragmenter()
	for frame := 1; ; frame++ {
		data, ci, err := src.ReadPacketData()
		if err != nil {
			if err != io.EOF && frame == 1 {
				return nil
			}
			return out
		}
		link := src.LinkType()
		if len(ci.AncillaryData) > 0 {
			if l, ok := ci.AncillaryData[0].(layers.LinkType); ok {
				link = l
			}
		}
		if p, ok := decode(link, data, fragments); ok {
			p.frame, p.time = frame, ci.Timestamp.UnixNano()
			out = append(out, p)
		}
	}
}

func decode(link layers.LinkType, data []byte, fragments *ip4defrag.IPv4Defragmenter) (p payload, ok bool) {
	var first gopacket.Decoder = link
	if link == layers.LinkTypeRaw || link == 12 || link == layers.LinkTypeIPv4 || link == layers.LinkTypeIPv6 {
		first = layers.LayerTypeIPv4
		if len(data) > 0 && data[0]>>4 == 6 {
			first = layers.LayerTypeIPv6
		}
	}
	pkt := gopacket.NewPacket(data, first, gopacket.DecodeOptions{NoCopy: true, SkipDecodeRecovery: false})
	for _, l := range pkt.Layers() {
		switch l := l.(type) {
		case *layers.IPv4:
			a, _ := netip.AddrFromSlice(l.SrcIP)
			b, _ := netip.AddrFromSlice(l.DstIP)
			p.src, p.dst = netip.AddrPortFrom(a, 0), netip.AddrPortFrom(b, 0)
			if l.Flags&layers.IPv4MoreFragments == 0 && l.FragOffset == 0 {
				continue
			}
			whole, err := fragments.DefragIPv4(l)
			if err != nil || whole == nil || whole.Protocol != layers.IPProtocolUDP {
				return p, false
			}
			var u layers.UDP
			ok = u.DecodeFromBytes(whole.Payload, gopacket.NilDecodeFeedback) == nil
			p.src, p.dst = netip.AddrPortFrom(a, uint16(u.SrcPort)), netip.AddrPortFrom(b, uint16(u.DstPort))
			p.b = u.Payload
			return p, ok
		case *layers.IPv6:
			a, _ := netip.AddrFromSlice(l.SrcIP)
			b, _ := netip.AddrFromSlice(l.DstIP)
			p.src, p.dst = netip.AddrPortFrom(a, 0), netip.AddrPortFrom(b, 0)
		case *layers.UDP:
			p.src = netip.AddrPortFrom(p.src.Addr(), uint16(l.SrcPort))
			p.dst = netip.AddrPortFrom(p.dst.Addr(), uint16(l.DstPort))
			p.b, p.tcp, ok = l.Payload, false, true
		case *layers.TCP:
			p.src = netip.AddrPortFrom(p.src.Addr(), uint16(l.SrcPort))
			p.dst = netip.AddrPortFrom(p.dst.Addr(), uint16(l.DstPort))
			p.b, p.tcp, p.seq, p.syn, ok = l.Payload, true, l.Seq, l.SYN, true
		}
	}
	return p, ok
}

// hasDNS says whether the truth of a capture names DNS.
func hasDNS(path string) bool {
	b, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".truth.ndjson")
	return err == nil && bytes.Contains(b, []byte(`dns"`))
}
