package stream

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// DefaultPort is the port of pcap-over-IP, as NetworkMiner and Arkime have it.
const DefaultPort = 57012

// Address is where to listen, or to connect to.
type Address struct {
	Host string // name or address; empty: all addresses, to listen on
	Port uint16
	TLS  bool
}

// Parse reads [pcap=][tls://][HOST][:PORT], as in pcap=:57012 and
// tls://probe.example:57012.
func Parse(text string) (Address, error) {
	a := Address{Port: DefaultPort}
	rest := strings.TrimPrefix(text, "pcap=")
	if scheme, after, found := strings.Cut(rest, "://"); found {
		switch scheme {
		case "tls":
			a.TLS = true
		case "tcp":
		default:
			return a, fmt.Errorf("stream %q: %q is neither tcp nor tls", text, scheme)
		}
		rest = after
	}
	host, port := rest, ""
	switch bracket := strings.LastIndexByte(rest, ']'); {
	case strings.HasPrefix(rest, "[") && bracket > 0:
		host, port = rest[1:bracket], rest[bracket+1:]
	case strings.Count(rest, ":") == 1:
		i := strings.IndexByte(rest, ':')
		host, port = rest[:i], rest[i:]
	}
	if port != "" {
		n, err := strconv.ParseUint(strings.TrimPrefix(port, ":"), 10, 16)
		if port[0] != ':' || err != nil || n == 0 {
			return a, fmt.Errorf("stream %q: %q is no port (1 to 65535)", text, port)
		}
		a.Port = uint16(n)
	}
	if strings.ContainsAny(host, " /[]@,=\t\r\n") {
		return a, fmt.Errorf("stream %q: %q is no host", text, host)
	}
	if a.Host = host; host == "*" {
		a.Host = ""
	}
	return a, nil
}

// String is Parse's inverse, without "pcap=".
func (a Address) String() string {
	s := a.dial()
	if a.TLS {
		s = "tls://" + s
	}
	return s
}

// dial is the address as package net wants it.
func (a Address) dial() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

// Loopback tells whether only this host can reach the address.
func (a Address) Loopback() bool {
	if a.Host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(a.Host)
	return err == nil && ip.Unmap().IsLoopback()
}
