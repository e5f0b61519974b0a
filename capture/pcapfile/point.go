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
	named  bool              // by the user
	taps   map[string]uint16 // by suffix
	plain  uint16            // the point with the name itself
	isThis bool              // plain is valid
	skew                     // of the clock
}

// place gives an interface of a recording the point that it had in the live
// run. Else the only interface of a file has the name of the point, and others
// the name with ":interface" or "#n". Interfaces of one name in the files of a
// rotation are the same.
func (p *point) place(l linkOf) (uint16, *damage) {
	suffix := ":" + l.name
	switch {
	case l.point != "" && !p.named:
		return p.recorded(l)
	case l.point != "":
		suffix = ":" + l.point
		l.alone = l.alone && !p.isThis // that there are others, other files tell
	case l.name == "":
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
	tap, bad := p.add(suffix, name)
	if bad == nil && l.alone {
		p.plain, p.isThis = tap, true
	}
	return tap, bad
}

// add makes a capture point. No two have one name: it is part of span ids.
func (p *point) add(key, name string) (uint16, *damage) {
	if len(p.src.points) > math.MaxUint16 {
		return 0, &damage{reason: fmt.Sprintf("more than %d capture points", math.MaxUint16+1)}
	}
	free := name
	for n := 2; p.src.hasPoint(free); n++ {
		free = fmt.Sprintf("%s#%d", name, n)
	}
	tap := uint16(len(p.src.points))
	p.src.points = append(p.src.points, capture.Point{Name: free, Ahead: p.ahead, Within: p.within})
	if p.src.extra.pointNames == nil {
		p.src.extra.pointNames = make(map[string]struct{})
	}
	p.src.extra.pointNames[free] = struct{}{}
	p.taps[key] = tap
	return tap, nil
}

// recorded gives the point of the live run. Recordings that are read beside
// each other may have points of one name: then the agent comes in front, and a
// number behind where that does not help.
func (p *point) recorded(l linkOf) (uint16, *damage) {
	key := l.agent + "\x00" + l.point
	if tap, known := p.taps[key]; known {
		return tap, nil
	}
	name := l.point
	if p.src.hasPoint(name) && l.agent != "" {
		name = l.agent + "/" + l.point
	}
	tap, bad := p.add(key, name)
	if bad == nil && l.agent != "" && !p.src.anew {
		p.src.points[tap].Agent, p.src.points[tap].Known = l.agent, l.point
	}
	return tap, bad
}

func (s *Source) hasPoint(name string) bool {
	_, ok := s.extra.pointNames[name]
	return ok
}
