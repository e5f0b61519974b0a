package main

import (
	"net"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// segment is the most that one packet of a session carries.
const segment = 1448

// builder makes the packets of a session that was kept as text.
type builder struct {
	udp    bool
	server uint16
	seq    [2]uint32
	raws   []raw
}

func session(file string) ([]packet, []port, error) {
	s, err := l7test.Load(file)
	if err != nil {
		return nil, nil, err
	}
	b := &builder{udp: s.UDP, server: s.Port, seq: [2]uint32{1000, 500000}}
	if b.server == 0 {
		b.server = 9999
	}
	if !s.UDP && !s.Midstream {
		b.add(l7.ToServer, layers.TCP{SYN: true}, nil)
		b.add(l7.ToClient, layers.TCP{SYN: true, ACK: true}, nil)
		b.add(l7.ToServer, layers.TCP{ACK: true}, nil)
	}
	var ended [2]bool
	for _, t := range s.Turns {
		b.seq[t.Dir] += uint32(t.Lost)
		for rest := t.Bytes; len(rest) > 0; {
			n := min(len(rest), segment)
			b.add(t.Dir, layers.TCP{ACK: true, PSH: n == len(rest)}, rest[:n])
			rest = rest[n:]
		}
		if t.Fin {
			ended[t.Dir] = true
			b.add(t.Dir, layers.TCP{ACK: true, FIN: true}, nil)
		}
	}
	for _, dir := range []l7.Dir{l7.ToServer, l7.ToClient} {
		if !s.UDP && !ended[dir] {
			b.add(dir, layers.TCP{ACK: true, FIN: true}, nil)
		}
	}
	set, ports := sided(b.raws, layers.LinkTypeEthernet)
	return set, ports, nil
}

// add appends a packet that says how much was seen of the other side.
func (b *builder) add(dir l7.Dir, t layers.TCP, payload []byte) {
	client, server := net.IP{192, 0, 2, 1}, net.IP{198, 51, 100, 1}
	ports := [2]uint16{b.server, 40000}
	if dir == l7.ToClient {
		client, server = server, client
		ports[0], ports[1] = ports[1], ports[0]
	}
	eth := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: client, DstIP: server}
	var above gopacket.SerializableLayer
	if b.udp {
		ip.Protocol = layers.IPProtocolUDP
		u := &layers.UDP{SrcPort: layers.UDPPort(ports[1]), DstPort: layers.UDPPort(ports[0])}
		above = u
	} else {
		t.SrcPort, t.DstPort, t.Window = layers.TCPPort(ports[1]), layers.TCPPort(ports[0]), 65000
		t.Seq = b.seq[dir]
		if t.ACK {
			t.Ack = b.seq[1-dir]
		}
		above = &t
	}
	out := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(out, gopacket.SerializeOptions{FixLengths: true}, eth, ip, above, gopacket.Payload(payload)); err != nil {
		panic(err) // a header that this function made
	}
	b.seq[dir] += uint32(len(payload))
	if t.SYN || t.FIN {
		b.seq[dir]++
	}
	b.raws = append(b.raws, raw{time.Unix(0, 0).Add(time.Duration(len(b.raws)) * time.Millisecond), out.Bytes()})
}
