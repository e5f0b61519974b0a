package afpacket

import (
	"net/netip"
	"slices"

	"github.com/wirespan/wirespan/capture"
)

// Interface is a network interface as rtnetlink describes it.
type Interface struct {
	Index    int
	Name     string
	Hardware uint16           // ARPHRD_ value of if_arp.h
	Link     capture.LinkType // link type of frames captured on it; valid iff Supported
	MTU      int
	Flags    uint32 // IFF_ values of if.h
	Kind     string // "veth", "bridge", "vlan", ... as ip -d link shows it; "" for hardware
	Master   int    // index of the bridge, bond or the like it belongs to, 0 none
	Lower    int    // index of the interface it stands on, 0 none or in another namespace

	// MasterName and MasterKind are those of Master.
	MasterName, MasterKind string

	// Promiscuity counts those who asked for promiscuous mode.
	Promiscuity int
	Addrs       []netip.Prefix
	Counters    Counters
}

// Counters are what the interface counted since it exists.
type Counters struct {
	RxPackets, TxPackets uint64
	RxDropped            uint64 // no room or no taker in the host
	RxMissed             uint64 // no room in the device
	RxErrors             uint64
}

// IFF_ values of linux/if.h.
const (
	flagUp           = 1 << 0
	flagLoopback     = 1 << 3
	flagPointToPoint = 1 << 4
	flagRunning      = 1 << 6
	flagPromiscuous  = 1 << 8
)

// Up reports whether the interface is switched on.
func (i *Interface) Up() bool { return i.Flags&flagUp != 0 }

// Running reports whether it has a carrier.
func (i *Interface) Running() bool { return i.Flags&flagRunning != 0 }

// Loopback reports whether it is the loopback.
func (i *Interface) Loopback() bool { return i.Flags&flagLoopback != 0 }

// PointToPoint reports whether it has one peer.
func (i *Interface) PointToPoint() bool { return i.Flags&flagPointToPoint != 0 }

// Promiscuous reports whether it receives frames for others, too.
func (i *Interface) Promiscuous() bool { return i.Flags&flagPromiscuous != 0 || i.Promiscuity > 0 }

// Supported reports whether frames of the interface can be decoded; reason says
// why not.
func (i *Interface) Supported() (ok bool, reason string) {
	_, _, reason = framing(i.Hardware)
	return reason == "", reason
}

// Useful chooses the interfaces that a capture without further word listens
// on: those that are up and show traffic that no other of them shows. Members
// of a bridge or bond are left to it, tunnels without encryption and VLANs to
// the interface below, whose frames are decoded through them.
func Useful(list []Interface) []Interface {
	var out []Interface
	for _, i := range list {
		if i.useful(list) {
			out = append(out, i)
		}
	}
	return out
}

// Wanted is Useful for one interface that appears, as Config.Follow asks.
func Wanted(i Interface) bool { return i.useful(nil) }

func (i *Interface) useful(all []Interface) bool {
	if ok, _ := i.Supported(); !ok || !i.Up() {
		return false
	}
	switch i.MasterKind {
	case "bridge", "bond", "team", "hsr":
		return false // the master shows its frames
	}
	switch i.Kind {
	case "vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan", "ipip", "ip6tnl", "sit", "gtp":
		return false // decoded inside the frames of the interface below
	case "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap":
		// The interface below shows the same frames, if it is here.
		return !slices.ContainsFunc(all, func(l Interface) bool { return l.Index == i.Lower && l.Up() }) && (all != nil || i.Lower == 0)
	case "ifb", "dummy", "nlmon", "vcan", "vxcan", "openvswitch":
		return false
	}
	return true
}
