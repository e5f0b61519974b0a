package point

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/tunnel"
	"github.com/wirespan/wirespan/capture/wire"
)

// Rule names the point of the packets that meet one of its Matches. Several
// matches make one point of what they name, as of the two directions of a tap.
type Rule struct {
	Name    string
	Matches []Match
}

// Match is met by packets for which all that is set holds.
type Match struct {
	Input   string        // name of the input: interface, listener, file
	Kinds   []tunnel.Kind // of the outermost tunnel, one of them
	ID      uint32        // of the outermost tunnel: VNI, session, key
	HasID   bool
	GWLBE   uint64       // endpoint of a Gateway Load Balancer; 0: any, or none
	Source  netip.Prefix // outer source address; not valid: any
	VLAN    uint16       // outside of tunnels, 1 to 4094
	HasVLAN bool
}

// MaxRules bounds the rules of a run, MaxMatches those of one rule.
const (
	MaxRules   = 1024
	MaxMatches = 64
)

// ParseRule reads NAME=TERM+TERM. A term is one or several of these, with
// commas between, all of which must hold:
//
//	iface:eth1       the input
//	vlan:100         the VLAN outside of tunnels
//	vxlan:7          the kind of the outermost tunnel, and its VNI, session or key
//	erspan           the kind alone
//	gwlbe:vpce-02b8ee1d4db0c51c4  the endpoint of a Gateway Load Balancer, or the
//	                 16 digits behind vpce-0
//	...@10.0.0.9     the outer source, an address or a prefix
//
// VXLAN also stands for its generic extension, ERSPAN for all its types, GRE for
// GRE with and without Ethernet.
func ParseRule(s string) (Rule, error) {
	name, terms, ok := strings.Cut(s, "=")
	if !ok || name == "" || terms == "" {
		return Rule{}, fmt.Errorf("point %q: want NAME=WHAT, as core=vxlan:7", s)
	}
	if len(name) > maxName {
		return Rule{}, fmt.Errorf("point %q: the name has more than %d bytes", s, maxName)
	}
	r := Rule{Name: name}
	for _, t := range strings.Split(terms, "+") {
		m, err := parseMatch(t)
		if err != nil {
			return Rule{}, fmt.Errorf("point %q: %w", s, err)
		}
		r.Matches = append(r.Matches, m)
	}
	if len(r.Matches) > MaxMatches {
		return Rule{}, fmt.Errorf("point %q: more than %d terms", s, MaxMatches)
	}
	return r, nil
}

// IsRule reports whether the text behind NAME= begins as a rule does, and not
// as the name of a file.
func IsRule(s string) bool {
	_, terms, ok := strings.Cut(s, "=")
	if !ok {
		return false
	}
	word, _, _ := strings.Cut(terms, "+")
	word, _, _ = strings.Cut(word, ",")
	word, _, at := strings.Cut(word, "@")
	word, _, colon := strings.Cut(word, ":")
	if !at && !colon {
		return false // a bare word may be a file; it is a rule only with more
	}
	return word == "" && at || word == "iface" || word == "vlan" || word == gwlbeWord || kindsOf(word) != nil
}

func parseMatch(s string) (Match, error) {
	var m Match
	if s == "" {
		return m, errors.New("an empty term matches nothing")
	}
	for _, part := range strings.Split(s, ",") {
		part, source, at := strings.Cut(part, "@")
		if at {
			p, err := parseSource(source)
			if err != nil {
				return m, err
			}
			m.Source = p
			if part == "" {
				continue
			}
		}
		if err := m.add(part); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (m *Match) add(part string) error {
	word, value, given := strings.Cut(part, ":")
	switch word {
	case "iface":
		if value == "" {
			return errors.New("iface: wants the name of an input")
		}
		m.Input = value
		return nil
	case "vlan":
		n, err := strconv.ParseUint(value, 10, 16)
		if err != nil || n < 1 || n > 4094 {
			return fmt.Errorf("vlan %q: want 1 to 4094", value)
		}
		m.VLAN, m.HasVLAN = uint16(n), true
		return nil
	case gwlbeWord:
		var err error
		m.GWLBE, err = parseEndpoint(value)
		m.Kinds = []tunnel.Kind{wire.Geneve}
		return err
	}
	if m.Kinds = kindsOf(word); m.Kinds == nil {
		return fmt.Errorf("%q: want iface, vlan, gwlbe or a tunnel (%s)", word, strings.Join(kindWords(), ", "))
	}
	if given {
		n, err := strconv.ParseUint(value, 0, 32)
		if err != nil {
			return fmt.Errorf("%s %q: want a number of 32 bits", word, value)
		}
		m.ID, m.HasID = uint32(n), true
	}
	return nil
}

func parseSource(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("source %q: want an address or a prefix", s)
	}
	return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
}

// meets reports whether a packet is one that m names.
func (m *Match) meets(k *key, input *capture.Point) bool {
	if m.Input != "" && m.Input != input.Name && m.Input != input.Known || m.HasVLAN && m.VLAN != k.vlan || m.HasID && (!k.hasID || m.ID != k.id) ||
		m.GWLBE != 0 && m.GWLBE != k.gwlbe {
		return false
	}
	if len(m.Kinds) > 0 && !m.hasKind(k.kind) {
		return false
	}
	return !m.Source.IsValid() || k.kind != tunnel.None && m.Source.Contains(netip.AddrFrom16(k.src).Unmap())
}

func (m *Match) hasKind(kind tunnel.Kind) bool {
	for _, k := range m.Kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// vlans reports whether m asks for the VLAN of packets.
func (r *Rule) vlans() bool {
	for i := range r.Matches {
		if r.Matches[i].HasVLAN {
			return true
		}
	}
	return false
}

// kindsOf gives the tunnels that a word stands for; nil: it is none.
func kindsOf(word string) []tunnel.Kind {
	switch word {
	case "erspan":
		return []tunnel.Kind{wire.ERSPAN1, wire.ERSPAN2, wire.ERSPAN3}
	case "vxlan":
		return []tunnel.Kind{wire.VXLAN, wire.VXLANGPE}
	case "gre":
		return []tunnel.Kind{wire.GRE, wire.L2GRE}
	case "gtpu":
		return []tunnel.Kind{wire.GTPU}
	}
	for k := tunnel.None + 1; k < tunnel.NumKinds; k++ {
		if k.String() == word {
			return []tunnel.Kind{k}
		}
	}
	return nil
}

func kindWords() []string {
	words := []string{"erspan", "gtpu"}
	for k := tunnel.None + 1; k < tunnel.NumKinds; k++ {
		words = append(words, k.String())
	}
	return words
}
