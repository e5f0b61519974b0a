//go:build linux

package afpacket

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// interfacesByName asks for interfaces by ioctl (netdevice(7)), where a sandbox
// forbids rtnetlink: without kind, master, addresses and counters.
func interfacesByName(names []string) ([]Interface, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	defer unix.Close(fd)
	var list []Interface
	for _, name := range names {
		if name == Any {
			continue
		}
		i, err := interfaceByName(fd, name)
		if errors.Is(err, unix.ENODEV) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look up interface %s: %w", name, err)
		}
		list = append(list, i)
	}
	return list, nil
}

func interfaceByName(fd int, name string) (Interface, error) {
	i := Interface{Name: name}
	for _, ask := range []struct {
		request uint
		take    func(*unix.Ifreq)
	}{
		{unix.SIOCGIFINDEX, func(r *unix.Ifreq) { i.Index = int(r.Uint32()) }},
		{unix.SIOCGIFFLAGS, func(r *unix.Ifreq) { i.Flags = uint32(r.Uint16()) }},
		{unix.SIOCGIFMTU, func(r *unix.Ifreq) { i.MTU = int(r.Uint32()) }},
		{unix.SIOCGIFHWADDR, func(r *unix.Ifreq) { i.Hardware = r.Uint16() }}, // sa_family
	} {
		r, err := unix.NewIfreq(name)
		if err != nil {
			return i, err
		}
		if err := unix.IoctlIfreq(fd, ask.request, r); err != nil {
			return i, err
		}
		ask.take(r)
	}
	i.Link, _, _ = framing(i.Hardware)
	return i, nil
}
