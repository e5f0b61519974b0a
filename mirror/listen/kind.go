package listen

import (
	"strings"

	"github.com/wirespan/wirespan/capture/tunnel"
)

// Kind is an encapsulation that mirrors are sent in.
type Kind uint8

// Kinds. Those up to GREoverUDP have a UDP port, the others IP protocol 47.
const (
	VXLAN Kind = iota
	VXLANGPE
	Geneve
	TZSP
	GTPU
	GREoverUDP
	GRE // all of protocol 47 but what a listener of the kinds below takes
	L2GRE
	NVGRE
	ERSPAN // types I, II and III
	numKinds
)

// kinds describes each Kind. Ports are IANA's, but for that of TZSP, which
// those who send it agree on.
var kinds = [numKinds]struct {
	name  string
	port  uint16 // 0: IP protocol 47
	also  uint16 // another port by which the tunnel is recognised
	parse func([]byte) (tunnel.Header, tunnel.Verdict)
}{
	VXLAN:      {"vxlan", 4789, 8472, tunnel.ParseVXLAN},
	VXLANGPE:   {"vxlan-gpe", 4790, 0, tunnel.ParseVXLANGPE},
	Geneve:     {"geneve", 6081, 0, tunnel.ParseGeneve},
	TZSP:       {"tzsp", 37008, 0, tunnel.ParseTZSP},
	GTPU:       {"gtpu", 2152, 0, tunnel.ParseGTPU},
	GREoverUDP: {"gre-udp", 4754, 0, tunnel.ParseGRE},
	GRE:        {"gre", 0, 0, tunnel.ParseGRE},
	L2GRE:      {"l2gre", 0, 0, tunnel.ParseGRE},
	NVGRE:      {"nvgre", 0, 0, tunnel.ParseGRE},
	ERSPAN:     {"erspan", 0, 0, tunnel.ParseGRE},
}

// String is the word of the command line.
func (k Kind) String() string {
	if k >= numKinds {
		return ""
	}
	return kinds[k].name
}

// UDP tells whether the kind has a UDP port, as against a protocol of IP, which
// takes CAP_NET_RAW to receive.
func (k Kind) UDP() bool { return k < numKinds && kinds[k].port != 0 }

// Port is the UDP port of the kind, 0 if it has none.
func (k Kind) Port() uint16 {
	if k >= numKinds {
		return 0
	}
	return kinds[k].port
}

// shown is the destination port that packets which came to port show: one by
// which the tunnel is recognised.
func (k Kind) shown(port uint16) uint16 {
	if port == kinds[k].also {
		return port
	}
	return kinds[k].port
}

// kindOf finds a kind by its word.
func kindOf(word string) (Kind, bool) {
	word = strings.ToLower(word)
	if word == "gtp-u" {
		return GTPU, true
	}
	for k := range numKinds {
		if kinds[k].name == word {
			return k, true
		}
	}
	return 0, false
}

// Kinds lists the words of all kinds, for help texts.
func Kinds() []string {
	words := make([]string, numKinds)
	for k := range numKinds {
		words[k] = kinds[k].name
	}
	return words
}
