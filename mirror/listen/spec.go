package listen

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Spec says what to receive, and where.
type Spec struct {
	Kind   Kind
	Addr   netip.Addr // local address; the zero value is all of IPv4 and IPv6
	Port   uint16     // UDP port; 0 is that of the kind
	Device string     // interface that packets must come in on; empty is any
}

// Parse reads KIND[=[ADDRESS][:PORT][%DEVICE]], as in vxlan=:4789,
// geneve=10.0.0.1:6081, vxlan=[2001:db8::1]:4789%eth1, erspan=%eth1 and gre.
func Parse(text string) (Spec, error) {
	word, rest, _ := strings.Cut(text, "=")
	kind, known := kindOf(word)
	if !known {
		return Spec{}, fmt.Errorf("listen on %q: %q is no kind of mirror (%s)", text, word, strings.Join(Kinds(), ", "))
	}
	s := Spec{Kind: kind}
	// A zone in brackets names the device as well.
	if i := strings.LastIndexByte(rest, '%'); i > strings.LastIndexByte(rest, ']') {
		s.Device = rest[i+1:]
		if rest = rest[:i]; s.Device == "" {
			return Spec{}, fmt.Errorf("listen on %q: no interface after %%", text)
		}
	}
	if err := s.address(rest); err != nil {
		return Spec{}, fmt.Errorf("listen on %q: %w", text, err)
	}
	if err := s.Validate(); err != nil {
		return Spec{}, fmt.Errorf("listen on %q: %w", text, err)
	}
	return s, nil
}

// address reads [ADDRESS][:PORT].
func (s *Spec) address(text string) error {
	host, port := text, ""
	switch {
	case strings.HasPrefix(text, "["):
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return errors.New("[ without ]")
		}
		host, port = text[1:end], text[end+1:]
		if port != "" && port[0] != ':' {
			return fmt.Errorf("%q after ]", port)
		}
		port = strings.TrimPrefix(port, ":")
	case strings.Count(text, ":") == 1:
		host, port, _ = strings.Cut(text, ":")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no port (1 to 65535)", port)
		}
		s.Port = uint16(n)
	}
	if host == "" || host == "*" {
		return nil
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return fmt.Errorf("%q is no address of this host: give a number, or none for all", host)
	}
	if zone := addr.Zone(); zone != "" {
		if s.Device != "" && s.Device != zone {
			return fmt.Errorf("interfaces %q and %q", zone, s.Device)
		}
		s.Device = zone
	}
	if s.Addr = addr.WithZone("").Unmap(); s.Addr == netip.IPv4Unspecified() || s.Addr == netip.IPv6Unspecified() {
		s.Addr = netip.Addr{}
	}
	return nil
}

// nameLimit is IFNAMSIZ, the terminating zero included.
const nameLimit = 16

// Validate tells what is wrong with s.
func (s Spec) Validate() error {
	switch {
	case s.Kind >= numKinds:
		return fmt.Errorf("kind %d is unknown", s.Kind)
	case !s.Kind.UDP() && s.Port != 0:
		return fmt.Errorf("%s has no ports: it is a protocol of IP", s.Kind)
	case s.Addr.IsMulticast():
		return fmt.Errorf("%s is a multicast group: joining it would send packets; mirror to an address of this host", s.Addr)
	case len(s.Device) >= nameLimit || strings.ContainsAny(s.Device, "/:%[]= \t\n"):
		return fmt.Errorf("%q is no name of an interface", s.Device)
	}
	return nil
}

// port is the UDP port to bind.
func (s Spec) port() uint16 {
	if s.Port != 0 {
		return s.Port
	}
	return s.Kind.Port()
}

// String names the listener, and so its capture point: vxlan:4789, erspan,
// geneve:10.0.0.1:6081, gre:10.0.0.1%eth1.
func (s Spec) String() string {
	b := []byte(s.Kind.String())
	if s.Addr.IsValid() {
		b = append(b, ':')
		if s.Kind.UDP() && s.Addr.Is6() {
			b = append(append(append(b, '['), s.Addr.String()...), ']')
		} else {
			b = append(b, s.Addr.String()...)
		}
	}
	if s.Kind.UDP() {
		b = strconv.AppendUint(append(b, ':'), uint64(s.port()), 10)
	}
	if s.Device != "" {
		b = append(append(b, '%'), s.Device...)
	}
	return string(b)
}

// overlaps tells whether a packet can be for both, their kinds aside.
func (s Spec) overlaps(o Spec) bool {
	return (!s.Addr.IsValid() || !o.Addr.IsValid() || s.Addr == o.Addr) &&
		(s.Device == "" || o.Device == "" || s.Device == o.Device)
}

// samePlace tells whether both receive at one address and device.
func (s Spec) samePlace(o Spec) bool { return s.Addr == o.Addr && s.Device == o.Device }
