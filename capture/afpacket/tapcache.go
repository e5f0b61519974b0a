//go:build linux

package afpacket

// tapCache remembers points by interface index: "any" asks for each packet.
// It is direct mapped; what does not fit is asked for again.
type tapCache [256]struct {
	index int32
	point uint16
}

// tapOf is the point of an interface index on "any".
func (s *Source) tapOf(index int32) uint16 {
	e := &s.taps[uint8(index)]
	if e.index != index || index == 0 {
		e.index, e.point = index, s.group.pointOf(int(index))
	}
	return e.point
}
