package names

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Addr is an address, IPv4 mapped into IPv6.
type Addr = [16]byte

// Segment is a network within which addresses are unique: a VLAN or a virtual
// network of a tunnel. Zero means any.
type Segment uint64

// VLAN is the segment of an IEEE 802.1Q tag.
func VLAN(id uint16) Segment { return 1<<32 | Segment(id) }

// VNI is the segment of a VXLAN or Geneve network.
func VNI(id uint32) Segment { return 2<<32 | Segment(id) }

// Entry is what the operator says of an address. It is shared and immutable.
type Entry struct {
	Service   string // service.name
	Namespace string // service.namespace, may be empty
	Host      string // host.name, may be empty
}

// Pattern says which endpoints an Entry is for.
type Pattern struct {
	Addr    Addr    // its first Bits, the rest zero
	Bits    int     // of the 128
	Port    uint16  // 0: any
	Segment Segment // 0: any
}

// Rule names the endpoints of a pattern.
type Rule struct {
	Pattern
	Entry
}

// ParsePattern reads ADDRESS, ADDRESS/BITS, each also with :PORT, and with
// @vlanN or @vniN at its end. IPv6 with a port stands in brackets, around the
// address or around address and bits: [2001:db8::1]:80, [2001:db8::]/32:80,
// [2001:db8::/32]:80.
func ParsePattern(s string) (Pattern, error) {
	var p Pattern
	fail := func(format string, a ...any) (Pattern, error) {
		return Pattern{}, fmt.Errorf("parse address %q: "+format, append([]any{s}, a...)...)
	}
	text, segment, has := strings.Cut(s, "@")
	if has {
		var ok bool
		if p.Segment, ok = parseSegment(segment); !ok {
			return fail("%q is not vlanN or vniN", segment)
		}
	}
	addr, bits, port := split(text)
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Zone() != "" {
		return fail("%q is not an IP address", addr)
	}
	n := a.BitLen()
	if bits != nil {
		v, err := strconv.ParseUint(*bits, 10, 8)
		if err != nil || int(v) > n {
			return fail("%q is not a prefix length of 0 to %d", *bits, n)
		}
		n = int(v)
	}
	if port != nil {
		v, err := strconv.ParseUint(*port, 10, 16)
		if err != nil || v == 0 {
			return fail("%q is not a port", *port)
		}
		p.Port = uint16(v)
	}
	p.Addr, p.Bits = a.As16(), n+128-a.BitLen()
	p.Addr = mask(p.Addr, p.Bits)
	return p, nil
}

// split takes a pattern apart; what is not there is nil.
func split(s string) (addr string, bits, port *string) {
	if s, ok := strings.CutPrefix(s, "["); ok {
		in, rest, closed := strings.Cut(s, "]")
		if !closed {
			return "[" + s, nil, nil
		}
		in, b, has := strings.Cut(in, "/")
		if has {
			bits = &b
		}
		if b, ok := strings.CutPrefix(rest, "/"); ok && !has {
			b, p, more := strings.Cut(b, ":")
			bits = &b
			if more {
				port = &p
			}
			return in, bits, port
		}
		if p, ok := strings.CutPrefix(rest, ":"); ok {
			return in, bits, &p
		}
		if rest != "" {
			return "[" + s, nil, nil
		}
		return in, bits, nil
	}
	if a, b, ok := strings.Cut(s, "/"); ok {
		b, p, more := strings.Cut(b, ":")
		if more {
			port = &p
		}
		return a, &b, port
	}
	if strings.Count(s, ":") == 1 {
		a, p, _ := strings.Cut(s, ":")
		return a, nil, &p
	}
	return s, nil, nil
}

func parseSegment(s string) (Segment, bool) {
	if n, ok := strings.CutPrefix(s, "vlan"); ok {
		v, err := strconv.ParseUint(n, 10, 12)
		return VLAN(uint16(v)), err == nil
	}
	if n, ok := strings.CutPrefix(s, "vni"); ok {
		v, err := strconv.ParseUint(n, 10, 24)
		return VNI(uint32(v)), err == nil
	}
	return 0, false
}

// ParseRule reads PATTERN=NAME, as the flag --name has it.
func ParseRule(s string) (Rule, error) {
	pattern, name, ok := strings.Cut(s, "=")
	if !ok {
		return Rule{}, fmt.Errorf("parse name %q: want ADDRESS=NAME", s)
	}
	p, err := ParsePattern(strings.TrimSpace(pattern))
	if err != nil {
		return Rule{}, err
	}
	r := Rule{p, Entry{Service: strings.TrimSpace(name)}}
	return r, r.Entry.check()
}

// maxName bounds a name; DNS has 255.
const maxName = 255

var errNoName = errors.New("the name is empty")

func (e *Entry) check() error {
	if e.Service == "" {
		return errNoName
	}
	for _, s := range [...]string{e.Service, e.Namespace, e.Host} {
		if len(s) > maxName {
			return fmt.Errorf("name %q... has more than %d bytes", s[:20], maxName)
		}
		if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }); i >= 0 {
			return fmt.Errorf("name %q has a character that cannot be shown", s)
		}
	}
	return nil
}

// mask clears all but the first bits of an address.
func mask(a Addr, bits int) Addr {
	for i := range a {
		switch left := bits - 8*i; {
		case left <= 0:
			a[i] = 0
		case left < 8:
			a[i] &= 0xff << (8 - left)
		}
	}
	return a
}
