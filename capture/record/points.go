package record

import (
	"math"

	"github.com/wirespan/wirespan/capture"
)

// pointNames numbers the names of capture points, over several sources.
type pointNames struct {
	names []string // by number; only grows
	ids   map[string]uint16
}

// number gives the number of a name. Beyond 65536 of them, the last one stands
// for all.
func (n *pointNames) number(name string) uint16 {
	if id, ok := n.ids[name]; ok {
		return id
	}
	if n.ids == nil {
		n.ids = make(map[string]uint16)
	}
	if len(n.names) > math.MaxUint16 {
		return math.MaxUint16
	}
	id := uint16(len(n.names))
	n.names = append(n.names, name)
	n.ids[name] = id
	return id
}

// tapNumbers remembers the number of one tap, for a run of packets of it.
type tapNumbers struct {
	names  *pointNames
	points []capture.Point
	tap    uint16
	id     uint16
	known  bool
}

func (t *tapNumbers) number(tap uint16) uint16 {
	if t.known && t.tap == tap {
		return t.id
	}
	name := ""
	if int(tap) < len(t.points) {
		name = t.points[tap].Name
	}
	t.tap, t.id, t.known = tap, t.names.number(name), true
	return t.id
}
