package tunnel

// Kind names an encapsulation.
type Kind uint8

// Kinds. VLAN, PPPoE and plain MPLS label switching are link layers, not
// tunnels; the MPLS pseudo-wire is a tunnel.
const (
	None Kind = iota
	IPIP
	IPv4in6
	IPv6in4
	IPv6in6
	GRE
	L2GRE
	NVGRE
	ERSPAN1
	ERSPAN2
	ERSPAN3
	VXLAN
	VXLANGPE
	NSH
	Geneve
	GTPU
	Teredo
	AYIYA
	MPLSoUDP
	PseudoWire
	L2TP
	EtherIP
	CAPWAP
	TZSP
	NumKinds
)

var names = [NumKinds]string{
	"", "ipip", "4in6", "6in4", "6in6", "gre", "l2gre", "nvgre", "erspan1", "erspan2", "erspan3",
	"vxlan", "vxlan-gpe", "nsh", "geneve", "gtp-u", "teredo", "ayiya", "mpls-over-udp", "pseudowire", "l2tp",
	"etherip", "capwap", "tzsp",
}

// String gives the value of wirespan.tunnel.kind.
func (k Kind) String() string {
	if k >= NumKinds {
		return ""
	}
	return names[k]
}
