package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// ifaceSpec is what the -i flags name: interfaces, and the capture points that
// they are.
type ifaceSpec struct {
	names  []string
	points map[string]string // capture point by interface, where it has another name
	joined bool              // several interfaces are one point
}

// parseIfaces reads -i: IF, IF=NAME, IF+IF or IF+IF=NAME.
func parseIfaces(list []string) (ifaceSpec, error) {
	s := ifaceSpec{points: make(map[string]string)}
	var errs []error
	for _, arg := range list {
		ifs, point, named := strings.Cut(arg, "=")
		names := strings.Split(ifs, "+")
		if slices.Contains(names, "") || named && point == "" {
			errs = append(errs, fmt.Errorf("-i %q: want IF, IF=NAME or IF+IF=NAME", arg))
			continue
		}
		if len(names) > 1 {
			s.joined = true
			if !named {
				point = ifs
			}
		}
		for _, n := range names {
			if slices.Contains(s.names, n) {
				errs = append(errs, fmt.Errorf("-i %q: interface %s is named twice", arg, n))
				continue
			}
			s.names = append(s.names, n)
			if point != "" {
				s.points[n] = point
			}
		}
	}
	return s, errors.Join(errs...)
}

// point names the capture point of an interface.
func (s *ifaceSpec) point(iface string) string {
	if p, ok := s.points[iface]; ok {
		return p
	}
	return iface
}

// usefulIfaces chooses the interfaces of a run that names none.
func usefulIfaces(netns string) ([]string, error) {
	list, err := afpacket.Interfaces(netns)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var names []string
	for _, i := range afpacket.Useful(list) {
		names = append(names, i.Name)
	}
	return names, nil
}

// netnsPath is the path of a network namespace that is named by path, by
// process id, or by the name that ip netns knows it by; "" stays.
func netnsPath(ns string) string {
	switch {
	case ns == "" || strings.Contains(ns, "/"):
		return ns
	case strings.Trim(ns, "0123456789") == "":
		return "/proc/" + ns + "/ns/net"
	}
	return "/var/run/netns/" + ns // ip-netns(8)
}
