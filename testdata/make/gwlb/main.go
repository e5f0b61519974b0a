// Command gwlb crafts testdata/points/gwlb.pcap: what an appliance behind a
// Gateway Load Balancer gets of one connection that passes two endpoints. We have
// no such balancer; the headers follow RFC 8926 and what AWS says about its
// options. It runs at the root of the repository and makes the same file each
// time:
//
//	go run ./testdata/make/gwlb
package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// endpoint is where a balancer takes packets from a VPC.
type endpoint struct {
	id, attachment uint64
	delay          time.Duration // behind the client
}

var endpoints = []endpoint{
	{id: 0x2b8ee1d4db0c51c4, attachment: 0x11, delay: 0},
	{id: 0x0c33f1a89be02d07, attachment: 0x12, delay: 300 * time.Microsecond},
}

var (
	begin  = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	client = net.IP{10, 1, 0, 5}
	server = net.IP{10, 2, 0, 20}
	// Each zone has a node of the balancer; requests and answers come from two.
	nodes     = [2]net.IP{{10, 9, 0, 11}, {10, 9, 1, 11}}
	appliance = net.IP{10, 9, 0, 40}
)

func main() {
	if err := craft("testdata/points/gwlb.pcap"); err != nil {
		fmt.Fprintln(os.Stderr, "gwlb:", err)
		os.Exit(1)
	}
}

// step is a segment of the connection.
type step struct {
	from    int // client 0, server 1
	payload string
	set     func(*layers.TCP)
}

func craft(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write capture: %w", err)
	}
	w := pcapgo.NewWriterNanos(f)
	if err := w.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		return err
	}
	seq := [2]uint32{1000, 5000}
	at := time.Duration(0)
	say := func(from int, payload string, set func(*layers.TCP)) error {
		inner, err := segment(from, &seq, payload, set)
		if err != nil {
			return err
		}
		for n := range endpoints {
			if from == 1 { // an answer passes them the other way round
				n = len(endpoints) - 1 - n
			}
			e := &endpoints[n]
			when := at + e.delay
			if from == 1 {
				when = at + endpoints[len(endpoints)-1].delay - e.delay
			}
			if err := mirror(w, begin.Add(when), from, e, inner); err != nil {
				return err
			}
		}
		at += 2 * time.Millisecond
		return nil
	}
	flags := func(syn, ack, fin bool) func(*layers.TCP) {
		return func(h *layers.TCP) { h.SYN, h.ACK, h.FIN = syn, ack, fin }
	}
	steps := []step{{0, "", flags(true, false, false)}, {1, "", flags(true, true, false)}, {0, "", nil}}
	for i := range 3 {
		steps = append(steps,
			step{0, fmt.Sprintf("GET /orders/%d HTTP/1.1\r\nHost: shop.example\r\n\r\n", i), nil},
			step{1, "HTTP/1.1 204 No Content\r\n\r\n", nil})
	}
	for _, s := range steps {
		if err := say(s.from, s.payload, s.set); err != nil {
			return err
		}
	}
	return f.Close()
}

// segment is the next packet of an end, as it was in the VPC.
func segment(from int, seq *[2]uint32, payload string, set func(*layers.TCP)) ([]byte, error) {
	ip := &layers.IPv4{Version: 4, TTL: 63, Id: uint16(seq[from]), Protocol: layers.IPProtocolTCP, SrcIP: client, DstIP: server}
	h := &layers.TCP{SrcPort: 40112, DstPort: 80, Seq: seq[from], Ack: seq[1-from], ACK: true, PSH: payload != "", Window: 502}
	if from == 1 {
		ip.SrcIP, ip.DstIP, h.SrcPort, h.DstPort = server, client, 80, 40112
	}
	if set != nil {
		set(h)
	}
	if err := h.SetNetworkLayerForChecksum(ip); err != nil {
		return nil, err
	}
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, h, gopacket.Payload(payload))
	seq[from] += uint32(len(payload))
	if h.SYN {
		seq[from]++
	}
	return b.Bytes(), err
}

// mirror writes a packet as the balancer hands it to the appliance.
func mirror(w *pcapgo.Writer, at time.Time, from int, e *endpoint, inner []byte) error {
	be := binary.BigEndian
	g := []byte{8, 0, 0x08, 0x00, 0, 0, 0, 0} // 32 bytes of options, IPv4, VNI 0
	g = be.AppendUint64(append(g, 0x01, 0x08, 1, 2), e.id)
	g = be.AppendUint64(append(g, 0x01, 0x08, 2, 2), e.attachment)
	g = be.AppendUint32(append(g, 0x01, 0x08, 3, 1), 0x5eed0001)
	eth := &layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 9, byte(from)}, DstMAC: []byte{2, 0, 0, 0, 9, 40}, EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 254, Protocol: layers.IPProtocolUDP, SrcIP: nodes[from], DstIP: appliance}
	udp := &layers.UDP{SrcPort: 60001, DstPort: 6081}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		return err
	}
	b := gopacket.NewSerializeBuffer()
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, opts, eth, ip, udp, gopacket.Payload(append(g, inner...))); err != nil {
		return err
	}
	n := len(b.Bytes())
	return w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: n, Length: n}, b.Bytes())
}
