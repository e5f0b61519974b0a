package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"

	"github.com/wirespan/wirespan/capture/wire"
)

// maxDiffering bounds the connections that -v lists.
const maxDiffering = 50

// print writes the table.
func (v *verification) print(w io.Writer, r *comparison) {
	fmt.Fprintf(w, "%-22s %12s %12s %12s %14s %14s\n", "", "wirespan", "tcpdump", "both", "only wirespan", "only tcpdump")
	fmt.Fprintf(w, "%-22s %12d %12d %12d %14d %14d\n", "packets",
		r.seen[sideOurs].packets, r.seen[sideTheirs].packets, r.both, r.missing[sideTheirs], r.missing[sideOurs])
	fmt.Fprintf(w, "%-22s %12d %12d\n", "bytes on the wire", r.seen[sideOurs].bytes, r.seen[sideTheirs].bytes)
	fmt.Fprintf(w, "%-22s %12d %12d %12d %14d %14d\n", "connections",
		r.connections[sideOurs], r.connections[sideTheirs], r.connBoth, r.connMissing[sideTheirs], r.connMissing[sideOurs])
	fmt.Fprintf(w, "%-22s %12d %12d\n", "dropped by kernel", v.stats.Drops, v.drops.kernelDrops)
	fmt.Fprintf(w, "%-22s %12d %12d\n", "dropped by interface", v.stats.IfDrops, v.drops.ifaceDrops)
	if r.crowded > 0 {
		fmt.Fprintf(w, "%d packets are of connections beyond the %d that are told apart\n", r.crowded, maxConnections)
	}
	if v.o.verbose {
		r.list(w)
	}
}

// list names the connections that differ, those that lack most first.
func (r *comparison) list(w io.Writer) {
	lacks := func(c connection) uint64 { n := r.differ[c]; return n.missing[sideOurs] + n.missing[sideTheirs] }
	order := slices.SortedFunc(maps.Keys(r.differ), func(a, b connection) int {
		return cmp.Or(cmp.Compare(lacks(b), lacks(a)), cmp.Compare(a.String(), b.String()))
	})
	for i, c := range order {
		if i == maxDiffering {
			fmt.Fprintf(w, "... and %d more\n", len(order)-i)
			return
		}
		n := r.differ[c]
		fmt.Fprintf(w, "%-22s %12d %12d %12s %14d %14d  %v\n", "  differs",
			n.packets[sideOurs], n.packets[sideTheirs], "", n.missing[sideTheirs], n.missing[sideOurs], c)
	}
}

// String names a connection for people.
func (c connection) String() string {
	proto := "udp"
	if c.proto == wire.ProtoTCP {
		proto = "tcp"
	}
	end := func(a wire.Addr, port uint16) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom16(a).Unmap(), port)
	}
	return fmt.Sprintf("%s %s %v %v", c.point, proto, end(c.a, c.aPort), end(c.b, c.bPort))
}

// faults says what one side lacks beyond what it reports.
func (v *verification) faults(r *comparison) (list []string) {
	dropped := [numSides]uint64{
		sideOurs:   v.stats.Drops + v.stats.IfDrops,
		sideTheirs: v.drops.kernelDrops + v.drops.ifaceDrops,
	}
	for side, name := range [numSides]string{"wirespan", "tcpdump"} {
		if lacks := r.missing[side]; lacks > dropped[side] {
			list = append(list, fmt.Sprintf("%s lacks %d packets that the other saw, and reports %d as dropped", name, lacks, dropped[side]))
		}
	}
	if r.seen[sideOurs].packets+r.seen[sideTheirs].packets == 0 {
		list = append(list, "neither saw a packet: nothing was compared")
	}
	return list
}
