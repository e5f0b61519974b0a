package l7test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/l7"
)

// PlayCapture runs a pcap or pcapng file through flows and an Engine, by
// another decoder than that of capture/wire. The result is nil if no packet is
// of the protocols' transport. Connections are named by their endpoints.
func PlayCapture(file string, protos ...l7.Proto) (*Result, error) {
	frames, err := captureFrames(file)
	if err != nil {
		return nil, err
	}
	want := l7.Transport(0)
	for _, p := range protos {
		want |= p.Transport
	}
	kept := frames[:0]
	for _, f := range frames {
		if f.Proto == wire.ProtoTCP && want&l7.TCP != 0 || f.Proto == wire.ProtoUDP && want&l7.UDP != 0 || f.Proto != wire.ProtoTCP && f.Proto != wire.ProtoUDP && want&l7.ICMP != 0 {
			kept = append(kept, f)
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return playFrames(kept, protos...)
}

// packetReader is what both readers of pcapgo have in common.
type packetReader interface {
	gopacket.PacketDataSource
	LinkType() layers.LinkType
}

// captureFrames decodes the TCP, UDP and ICMP echo packets of a capture file.
func captureFrames(file string) ([]wire.Frame, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r packetReader
	if len(b) >= 4 && bytes.Equal(b[:4], []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		r, err = pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.DefaultNgReaderOptions)
	} else {
		r, err = pcapgo.NewReader(bytes.NewReader(b))
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	var frames []wire.Frame
	for {
		raw, ci, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return frames, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		if f, ok := frameOf(gopacket.NewPacket(raw, r.LinkType(), gopacket.NoCopy), ci.Timestamp.UnixNano()); ok {
			frames = append(frames, f)
		}
	}
}

// frameOf translates what gopacket decoded; tunnels are left closed.
func frameOf(p gopacket.Packet, at int64) (f wire.Frame, ok bool) {
	f.Time = at
	var wireLen int
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		f.Src, f.Dst, f.Version, f.TTL = mapped(ip.SrcIP), mapped(ip.DstIP), 4, ip.TTL
		wireLen = int(ip.Length) - int(ip.IHL)*4
	case *layers.IPv6:
		f.Src, f.Dst, f.Version, f.TTL = mapped(ip.SrcIP), mapped(ip.DstIP), 6, ip.HopLimit
		wireLen = int(ip.Length)
	default:
		return f, false
	}
	if echo(p, &f, wireLen) {
		return f, true
	}
	switch t := p.TransportLayer().(type) {
	case *layers.TCP:
		f.Proto, f.SrcPort, f.DstPort = wire.ProtoTCP, uint16(t.SrcPort), uint16(t.DstPort)
		f.Seq, f.Ack, f.Window, f.Flags = t.Seq, t.Ack, t.Window, flagsOf(t)
		f.Payload = t.Payload
		wireLen -= int(t.DataOffset) * 4
	case *layers.UDP:
		f.Proto, f.SrcPort, f.DstPort = wire.ProtoUDP, uint16(t.SrcPort), uint16(t.DstPort)
		f.Payload = t.Payload
		wireLen -= 8
	default:
		return f, false
	}
	f.Payload = f.Payload[:min(len(f.Payload), max(wireLen, 0))]
	f.PayloadLen = uint32(max(wireLen, len(f.Payload)))
	f.Truncated = int(f.PayloadLen) > len(f.Payload)
	return f, true
}

// echo fills a frame from an ICMP echo message.
func echo(p gopacket.Packet, f *wire.Frame, wireLen int) bool {
	if l, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok && f.Version == 4 {
		if t := l.TypeCode.Type(); t != layers.ICMPv4TypeEchoRequest && t != layers.ICMPv4TypeEchoReply {
			return false
		}
		f.Proto, f.Payload = wire.ProtoICMP, p.NetworkLayer().LayerPayload()
	} else if l, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok && f.Version == 6 {
		if t := l.TypeCode.Type(); t != layers.ICMPv6TypeEchoRequest && t != layers.ICMPv6TypeEchoReply {
			return false
		}
		f.Proto, f.Payload = wire.ProtoICMPv6, p.NetworkLayer().LayerPayload()
	} else {
		return false
	}
	f.Payload = f.Payload[:min(len(f.Payload), max(wireLen, 0))]
	f.PayloadLen = uint32(max(wireLen, len(f.Payload)))
	f.Truncated = int(f.PayloadLen) > len(f.Payload)
	return true
}

func mapped(ip net.IP) (a wire.Addr) {
	copy(a[:], ip.To16())
	return a
}

func flagsOf(t *layers.TCP) (flags uint8) {
	for i, set := range [...]bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG} {
		if set {
			flags |= 1 << i
		}
	}
	return flags
}
