package assemble

import "github.com/wirespan/wirespan/tracer/link"

// maxSpare bounds the linkers that wait to be used again.
const maxSpare = 4

// linkers are linkers whose memory is used again: most traces are small, and most of
// what they cost was making room. Nil keeps none.
type linkers chan *link.Linker

func newLinkers() linkers { return make(linkers, maxSpare) }

// take returns a linker that knows nothing.
func (p linkers) take(cfg link.Config, points link.Points) (*link.Linker, error) {
	select {
	case l := <-p:
		return l, l.Reset(cfg, points)
	default:
		return link.New(cfg, points)
	}
}

// put gives a linker back, in whatever state it is.
func (p linkers) put(l *link.Linker) {
	select {
	case p <- l:
	default:
	}
}
