package pcapfile

import (
	"fmt"
	"math"
	"strconv"

	"github.com/wirespan/wirespan/capture"
)

// point is the name that one or several lanes have in common, and the capture
// points that their interfaces became.
type point struct {
	src    *Source
	name   string
	taps   map[string]uint16 // by suffix
	plain  uint16            // the point with the name itself
	isThis bool              // plain is valid
}

// place gives the only interface of a file the name of the point, and others
// the name with ":interface" or "#n". Interfaces of one name in the files of a
// rotation are the same.
func (p *point) place(l linkOf) (uint16, *damage) {
	suffix := ":" + l.name
	if l.name == "" {
		suffix = "#" + strconv.Itoa(l.index)
	}
	tap, known := p.taps[suffix]
	if known {
		return tap, nil
	}
	if l.alone && p.isThis {
		p.taps[suffix] = p.plain
		return p.plain, nil
	}
	name := p.name
	if !l.alone {
		name += suffix
	}
	if len(p.src.points) > math.MaxUint16 {
		return 0, &damage{reason: fmt.Sprintf("more than %d capture points", math.MaxUint16+1)}
	}
	tap = uint16(len(p.src.points))
	p.src.points = append(p.src.points, capture.Point{Name: name})
	p.taps[suffix] = tap
	if l.alone {
		p.plain, p.isThis = tap, true
	}
	return tap, nil
}
