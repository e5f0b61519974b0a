package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// resolveTime bounds looking up the receivers of exports at start.
const resolveTime = 3 * time.Second

// sshExpr is left out when no filter is given: the session that one sits in
// would otherwise be what is seen most.
const sshExpr = "not tcp port 22"

// lookup finds the addresses of a host name.
type lookup func(ctx context.Context, host string) ([]netip.Addr, error)

func systemLookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// ownTraffic is what wirespan itself sends and serves: peers by address and
// port. Packets of it must not become spans, which would be sent in turn.
type ownTraffic struct {
	peers  []netip.AddrPort
	faults []error // receivers whose address is not known
}

// findOwn resolves the receivers of exports. targets are URLs or HOST:PORT,
// listeners addresses that wirespan serves on.
func findOwn(ctx context.Context, targets, listeners []string, find lookup) *ownTraffic {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	o := &ownTraffic{}
	for _, t := range targets {
		host, port, err := targetPeer(t)
		if err != nil {
			continue // whoever opens it says what is wrong
		}
		o.add(ctx, host, port, find)
	}
	for _, l := range listeners {
		host, port, err := net.SplitHostPort(l)
		if err != nil {
			continue
		}
		if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
			o.addLocal(port)
			continue
		}
		o.add(ctx, host, port, find)
	}
	slices.SortFunc(o.peers, netip.AddrPort.Compare)
	o.peers = slices.Compact(o.peers)
	return o
}

func (o *ownTraffic) add(ctx context.Context, host, port string, find lookup) {
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		return
	}
	if a, err := netip.ParseAddr(host); err == nil {
		o.peers = append(o.peers, netip.AddrPortFrom(a.Unmap().WithZone(""), uint16(n)))
		return
	}
	addrs, err := find(ctx, host)
	if err != nil {
		o.faults = append(o.faults, fmt.Errorf("find %s, to leave out what is sent there: %w", host, err))
		return
	}
	for _, a := range addrs {
		o.peers = append(o.peers, netip.AddrPortFrom(a.Unmap().WithZone(""), uint16(n)))
	}
}

// addLocal adds a port on every address of the host.
func (o *ownTraffic) addLocal(port string) {
	n, err := net.LookupPort("tcp", port)
	addrs, err2 := net.InterfaceAddrs()
	if err != nil || err2 != nil {
		return
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			o.peers = append(o.peers, netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), uint16(n)))
		}
	}
}

// targetPeer is whom a URL makes us talk to: the proxy, if the environment names
// one for it.
func targetPeer(target string) (host, port string, err error) {
	if !strings.Contains(target, "://") {
		return net.SplitHostPort(target)
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", "", err
	}
	defaults := map[string]string{"http": "80", "https": "443", "grpc": "4317", "grpcs": "4317"}
	if u.Scheme == "http" || u.Scheme == "https" {
		if via, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && via != nil {
			u = via
		}
	}
	if port = u.Port(); port == "" {
		port = defaults[u.Scheme]
	}
	if u.Hostname() == "" || port == "" {
		return "", "", fmt.Errorf("endpoint %q: no host or port", u.Redacted())
	}
	return u.Hostname(), port, nil
}

// expr is the filter that leaves the own traffic out, empty if there is none.
func (o *ownTraffic) expr() string {
	if len(o.peers) == 0 {
		return ""
	}
	byPort := make(map[uint16][]string)
	var ports []uint16
	for _, p := range o.peers {
		if byPort[p.Port()] == nil {
			ports = append(ports, p.Port())
		}
		byPort[p.Port()] = append(byPort[p.Port()], p.Addr().String())
	}
	slices.Sort(ports)
	var terms []string
	for _, n := range ports {
		terms = append(terms, fmt.Sprintf("(tcp port %d and (host %s))", n, strings.Join(byPort[n], " or host ")))
	}
	return "not (" + strings.Join(terms, " or ") + ")"
}
