package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// listInterfaces prints the interfaces as tcpdump -D does, with what a run
// without -i would listen on.
func listInterfaces(w io.Writer, netns string) error {
	list, err := afpacket.Interfaces(netns)
	if err != nil {
		return &statusError{exitPartial, fmt.Errorf("list interfaces: %w", err)}
	}
	useful := make(map[int]bool)
	for _, i := range afpacket.Useful(list) {
		useful[i.Index] = true
	}
	for n := range list {
		i := &list[n]
		fmt.Fprintf(w, "%d.%s [%s]", n+1, i.Name, strings.Join(ifaceFlags(i), ", "))
		if useful[i.Index] {
			fmt.Fprint(w, " *")
		}
		if ok, reason := i.Supported(); !ok {
			fmt.Fprintf(w, " (%s)", reason)
		}
		for _, a := range i.Addrs {
			fmt.Fprintf(w, " %s", a.Addr())
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d.%s (all interfaces through one ring)\n* what is captured on without -i\n", len(list)+1, afpacket.Any)
	return nil
}

func ifaceFlags(i *afpacket.Interface) []string {
	var l []string
	add := func(is bool, name string) {
		if is {
			l = append(l, name)
		}
	}
	add(i.Up(), "Up")
	add(!i.Up(), "Down")
	add(i.Running(), "Running")
	add(i.Loopback(), "Loopback")
	add(i.PointToPoint(), "PointToPoint")
	add(i.Promiscuous(), "Promiscuous")
	add(i.Kind != "", i.Kind)
	add(i.MasterName != "", "in "+i.MasterName)
	return l
}
