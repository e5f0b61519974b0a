package point

import (
	"net/netip"
	"strconv"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/tunnel"
)

// What a point got its name from.
type by uint8

const (
	byInput by = iota
	byVLAN
	byNumber
	bySource
)

// asked is the packet that a point was made for.
type asked struct {
	input *capture.Point
	key   key
	by    by
}

// term is what a rule says to name the point.
func (a *asked) term() string {
	if a.by <= byVLAN || a.key.kind == tunnel.None {
		t := "iface:" + a.input.Name
		if a.by == byVLAN {
			t += ",vlan:" + strconv.Itoa(int(a.key.vlan))
		}
		return t
	}
	if a.key.gwlbe != 0 {
		return gwlbeWord + ":" + endpoint(a.key.gwlbe)
	}
	t := a.key.kind.String()
	if a.key.hasID {
		t += ":" + strconv.FormatUint(uint64(a.key.id), 10)
	}
	if a.by == bySource {
		t += "@" + netip.AddrFrom16(a.key.src).Unmap().String()
	}
	return t
}

// Term gives what a rule says to name a point: iface:eth1, vxlan:7,
// erspan:3@10.0.0.9. Of a point that a rule has named, it is the input.
func (n *Names) Term(p uint16) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if int(p) < len(n.terms) {
		return n.terms[p]
	}
	return ""
}
