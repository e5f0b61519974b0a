package main

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// together is how many repetitions of a recording are under way at a time, and
// servers how many addresses their servers have: what is the same in all of
// them, such as offsets of a queue, must not make one trace of them.
const (
	together = 8
	servers  = 251
)

// A packet of a recording. client and server say where the addresses of its
// connection's ends are, as offsets into data.
type packet struct {
	at     time.Duration // since the first
	data   []byte
	client int
	server int
	size   int // of an address
}

// endpoint tells connections apart.
type endpoint struct{ flow, ports gopacket.Flow }

// port is one that servers listened at.
type port struct {
	number    uint16
	transport string
}

// repeat writes recordings again and again, until there are enough packets.
// Every repetition has clients of its own and its own time.
func repeat(files []string, to string, enough int) (n int, ports []port, err error) {
	var sets [][]packet
	round := 0
	for _, f := range files {
		set, listening, err := read(f)
		if err != nil {
			return 0, nil, err
		}
		sets, round = append(sets, set), round+len(set)
		for _, p := range listening {
			if !slices.Contains(ports, p) {
				ports = append(ports, p)
			}
		}
	}
	if round == 0 {
		return 0, nil, errors.New("no packets")
	}
	var all []packet
	number := uint32(0)
	for times := range (enough + round - 1) / round {
		for _, set := range sets {
			number++
			step := max(set[len(set)-1].at/together, time.Millisecond)
			for _, p := range set {
				all = append(all, p.again(number, time.Duration(times)*step))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b packet) int { return cmp.Compare(a.at, b.at) })
	return len(all), ports, write(to, all)
}

// again is p at another time, of another client at one of many servers, and
// with other IDs in it.
func (p packet) again(number uint32, later time.Duration) packet {
	p.data = slices.Clone(p.data)
	p.at += later
	client := p.data[p.client : p.client+p.size]
	server := p.data[p.server : p.server+p.size]
	server[p.size-1] = byte(1 + number%servers)
	if p.size == 4 {
		client[0] = 10
		client[1], client[2], client[3] = byte(number>>16), byte(number>>8), byte(number)
	} else {
		binary.BigEndian.PutUint32(client[8:], number)
	}
	p.shift(number * 1_000_003)
	renumber(p.data[max(p.client, p.server)+p.size:], number)
	return p
}

// shift adds to the sequence numbers of TCP in both directions: equal ones with
// equal requests would be sightings of one exchange.
func (p *packet) shift(by uint32) {
	proto := min(p.client, p.server) - 12 + 9
	if p.size == 16 {
		proto = min(p.client, p.server) - 8 + 6
	}
	tcp := p.data[max(p.client, p.server)+p.size:]
	if p.data[proto] != 6 || len(tcp) < 20 {
		return
	}
	binary.BigEndian.PutUint32(tcp[4:], binary.BigEndian.Uint32(tcp[4:])+by)
	if tcp[13]&0x10 != 0 {
		binary.BigEndian.PutUint32(tcp[8:], binary.BigEndian.Uint32(tcp[8:])+by)
	}
}

func write(to string, all []packet) error {
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	b := bufio.NewWriterSize(f, 1<<20)
	w := pcapgo.NewWriterNanos(b)
	if err := w.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		return err
	}
	start := time.Unix(1_700_000_000, 0)
	for _, p := range all {
		ci := gopacket.CaptureInfo{Timestamp: start.Add(p.at), CaptureLength: len(p.data), Length: len(p.data)}
		if err := w.WritePacket(ci, p.data); err != nil {
			return err
		}
	}
	return errors.Join(b.Flush(), f.Close())
}

func read(file string) ([]packet, []port, error) {
	if filepath.Ext(file) == ".txt" {
		return session(file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		return nil, nil, err
	}
	var raws []raw
	for {
		data, ci, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, nil, err
		}
		raws = append(raws, raw{ci.Timestamp, data})
	}
	set, ports := sided(raws, r.LinkType())
	return set, ports, nil
}

type raw struct {
	at   time.Time
	data []byte
}

// sided keeps the packets of connections and finds their clients: who sends
// first.
func sided(raws []raw, link layers.LinkType) (set []packet, ports []port) {
	known := make(map[endpoint]bool) // what goes to a server
	for _, r := range raws {
		p := gopacket.NewPacket(r.data, link, gopacket.DecodeOptions{NoCopy: true})
		e, transport, to := ends(p)
		if transport == "" || link != layers.LinkTypeEthernet {
			continue
		}
		back := endpoint{e.flow.Reverse(), e.ports.Reverse()}
		if !known[e] && !known[back] {
			known[e] = true
			if l := (port{to, transport}); transport != "icmp" && !slices.Contains(ports, l) {
				ports = append(ports, l)
			}
		}
		k := packet{at: r.at.Sub(raws[0].at), data: r.data, size: len(e.flow.Src().Raw())}
		k.client = len(p.LinkLayer().LayerContents()) + addresses(k.size)
		k.server = k.client + k.size
		if !known[e] {
			k.client, k.server = k.server, k.client
		}
		set = append(set, k)
	}
	return set, ports
}

// addresses is where they begin in an IP header.
func addresses(size int) int {
	if size == 4 {
		return 12
	}
	return 8
}

func ends(p gopacket.Packet) (e endpoint, transport string, to uint16) {
	if p.NetworkLayer() == nil || p.LinkLayer() == nil {
		return e, "", 0
	}
	e.flow = p.NetworkLayer().NetworkFlow()
	switch t := p.TransportLayer().(type) {
	case *layers.TCP:
		e.ports = t.TransportFlow()
		return e, "tcp", uint16(t.DstPort)
	case *layers.UDP:
		e.ports = t.TransportFlow()
		return e, "udp", uint16(t.DstPort)
	}
	if p.Layer(layers.LayerTypeICMPv4) != nil || p.Layer(layers.LayerTypeICMPv6Echo) != nil {
		return e, "icmp", 0
	}
	return e, "", 0
}
