package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/wirespan/wirespan/capture/afpacket"
)

// flagNoARP is IFF_NOARP of linux/if.h.
const flagNoARP = 1 << 7

// loudInterfaces says which mirror interfaces have addresses, or would answer
// by themselves, with the commands that silence them: what is sent into a mirror
// port can disturb the switch, and betrays the box.
func loudInterfaces(netns string, names []string) ([]string, error) {
	list, err := afpacket.Interfaces(netns)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var notes []string
	for i := range list {
		if !slices.Contains(names, list[i].Name) {
			continue
		}
		if why, fix := loud(&list[i], netns); why != "" {
			notes = append(notes, fmt.Sprintf("%s may send on its own: %s; silence it: %s", list[i].Name, why, fix))
		}
	}
	return notes, nil
}

// ipv6Off reports whether an interface has no IPv6; in another namespace nobody
// can be asked, and its link-local address tells.
func ipv6Off(i *afpacket.Interface, netns string) bool {
	if netns == "" {
		b, err := os.ReadFile("/proc/sys/net/ipv6/conf/" + i.Name + "/disable_ipv6")
		return err != nil || strings.TrimSpace(string(b)) == "1"
	}
	for _, a := range i.Addrs {
		if a.Addr().Is6() {
			return false
		}
	}
	return true
}

// loud says what an interface would send, and the commands against it; empty:
// nothing. The loopback leads to no switch, and the host would not do without its
// addresses.
func loud(i *afpacket.Interface, netns string) (reasons, commands string) {
	if i.Loopback() {
		return "", ""
	}
	var why, fix, addrs []string
	for _, a := range i.Addrs {
		addrs = append(addrs, a.String())
	}
	if len(addrs) > 0 {
		why = append(why, "it has "+strings.Join(addrs, ", "))
		fix = append(fix, "ip addr flush dev "+i.Name)
	}
	if !ipv6Off(i, netns) {
		why = append(why, "IPv6 is on (neighbour and router discovery)")
		fix = append(fix, "sysctl -w net.ipv6.conf."+strings.ReplaceAll(i.Name, ".", "/")+".disable_ipv6=1")
	}
	if i.Flags&flagNoARP == 0 {
		// Also without an address: for those of other interfaces (arp_ignore).
		why = append(why, "it answers ARP")
		fix = append(fix, "ip link set dev "+i.Name+" arp off")
	}
	return strings.Join(why, ", "), strings.Join(fix, "; ")
}
