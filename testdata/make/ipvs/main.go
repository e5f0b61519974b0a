// Command ipvs crafts testdata/points/ipvs-*.pcap: requests to a virtual service
// of IPVS, seen in front of the director and behind it. The kernels we have come
// without IPVS, so what its three ways of forwarding do to a packet is written
// down here (path.go), after net/netfilter/ipvs/ip_vs_xmit.c and ipvsadm(8). It
// runs at the root of the repository and makes the same files each time:
//
//	go run ./testdata/make/ipvs
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

const folder = "testdata/points"

func main() {
	for _, m := range []mode{nat, direct, tunnel} {
		if err := craft(m); err != nil {
			fmt.Fprintln(os.Stderr, "ipvs:", err)
			os.Exit(1)
		}
	}
}

// craft writes both captures of a way to forward.
func craft(m mode) error {
	var front, back []frame
	for i := range 2 { // scheduled in turn to the two servers
		c := newConnection(m, i)
		c.talk()
		for _, s := range c.sent {
			f, b := m.seen(c, s)
			front, back = append(front, f), append(back, b)
		}
	}
	if err := write(fmt.Sprintf("ipvs-%s-front.pcap", m), front); err != nil {
		return err
	}
	return write(fmt.Sprintf("ipvs-%s-back.pcap", m), back)
}

// frame is a packet as a mirror port shows it.
type frame struct {
	at     time.Duration // since begin
	layers []gopacket.SerializableLayer
}

// begin is the time of the first packet.
var begin = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// write makes a capture of frames, in the order of their times.
func write(name string, frames []frame) error {
	slices.SortStableFunc(frames, func(a, b frame) int { return int(a.at - b.at) })
	out, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	defer out.Close()
	w := pcapgo.NewWriter(out)
	if err := w.WriteFileHeader(1<<18, layers.LinkTypeEthernet); err != nil {
		return err
	}
	for _, f := range frames {
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, f.layers...); err != nil {
			return fmt.Errorf("build packet of %s: %w", name, err)
		}
		n := len(b.Bytes())
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: begin.Add(f.at), CaptureLength: n, Length: n}, b.Bytes()); err != nil {
			return err
		}
	}
	return out.Close()
}
