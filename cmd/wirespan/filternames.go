package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/wirespan/wirespan/bpf/filter"
)

// lookupTimeout is for one host name of a filter.
const lookupTimeout = 5 * time.Second

// resolver looks up the names of filters in the files of this machine, which
// are read when first needed, and hosts as the system does.
type resolver struct {
	services  func() map[string]filter.Service
	protocols func() map[string]uint8
}

func newResolver() *resolver {
	return &resolver{
		services: sync.OnceValue(func() map[string]filter.Service {
			f, err := os.Open("/etc/services")
			if err != nil {
				return nil
			}
			defer f.Close()
			m, _ := filter.ParseServices(f) // what is unreadable is looked up in the built-in table
			return m
		}),
		protocols: sync.OnceValue(func() map[string]uint8 {
			f, err := os.Open("/etc/protocols")
			if err != nil {
				return nil
			}
			defer f.Close()
			m, _ := filter.ParseProtocols(f)
			return m
		}),
	}
}

// functions is the resolver as the compiler takes it.
func (r *resolver) functions() filter.Resolver {
	return filter.Resolver{
		Host:    lookupHost,
		Ether:   lookupEther,
		Network: lookupNetwork,
		Service: func(name string) (filter.Service, bool) {
			s, ok := r.services()[name]
			return s, ok
		},
		Protocol: func(name string) (uint8, bool) {
			n, ok := r.protocols()[name]
			return n, ok
		},
	}
}

func lookupHost(name string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}

// lookupEther reads /etc/ethers: "address name" lines, ethers(5).
func lookupEther(name string) ([6]byte, error) {
	var mac [6]byte
	err := eachLine("/etc/ethers", func(f []string) bool {
		hw, err := net.ParseMAC(f[0])
		if err != nil || len(hw) != len(mac) || f[1] != name {
			return false
		}
		copy(mac[:], hw)
		return true
	})
	return mac, err
}

// lookupNetwork reads /etc/networks: "name number alias ..." lines.
func lookupNetwork(name string) (netip.Prefix, error) {
	var p netip.Prefix
	err := eachLine("/etc/networks", func(f []string) bool {
		if f[0] != name && !contains(f[2:], name) {
			return false
		}
		number := strings.TrimRight(f[1], ".0")
		if number == "" {
			return false
		}
		bits := 8 * (strings.Count(number, ".") + 1)
		a, err := netip.ParseAddr(number + strings.Repeat(".0", 4-bits/8))
		p = netip.PrefixFrom(a, bits)
		return err == nil
	})
	return p, err
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// eachLine calls found for the fields of each line of two words or more until
// it answers true.
func eachLine(path string, found func([]string) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if w := strings.Fields(text); len(w) > 1 && found(w) {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return errors.New("not in " + path)
}

// parseNetmask reads a mask as an IPv4 address.
func parseNetmask(s string) (uint32, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return 0, fmt.Errorf("--netmask %q: want four numbers with dots", s)
	}
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), nil
}
