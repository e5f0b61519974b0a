package engine

import "github.com/wirespan/wirespan/l7"

// outcome of a round of detection.
type outcome uint8

const (
	undecided outcome = iota
	nobody
	somebody
)

// choice is a protocol and the roles in which it was recognised.
type choice struct {
	index   int
	flip    bool
	certain bool
}

// pick asks the protocols: those that a port hints at first, then in order. The
// first that is certain in either roles is taken at once; else one that finds
// the bytes plausible, with the roles as they are before exchanged ones. When
// nobody claims the first bytes only a certain one is taken, in either roles:
// who opened the connection may have opened it for the other side.
func (e *Engine) pick(st *ConnState, final bool) (choice, outcome) {
	need, maybe, turned := false, -1, -1
	all := e.candidates(st)
	hints := all & e.hintsOf(st)
	may := [2]protos{e.mayBe(st, 0), 0}
	if !st.settledRoles() || st.late && st.depth == 0 {
		may[1] = e.mayBe(st, 1)
	}
	for _, set := range [2]protos{hints, all &^ hints} {
		for set &= may[0] | may[1]; set != 0; set &= set - 1 {
			i := set.first()
			for flip := range l7.Dir(2) {
				if !may[flip].has(i) {
					continue
				}
				switch e.ask(st, &e.cfg.Protos[i], flip) {
				case l7.Yes:
					return choice{index: i, flip: flip == 1, certain: true}, somebody
				case l7.Maybe:
					switch {
					case st.late:
					case flip == 0 && maybe < 0:
						maybe = i
					case flip == 1 && turned < 0:
						turned = i
					}
				case l7.NeedMore:
					need = true
				}
			}
		}
	}
	switch {
	case need && !final:
		return choice{}, undecided
	case maybe >= 0:
		return choice{index: maybe}, somebody
	case turned >= 0:
		return choice{index: turned, flip: true}, somebody
	case st.force != "" && all != 0:
		if hints != 0 {
			all = hints
		}
		return choice{index: all.first()}, somebody
	}
	return choice{}, nobody
}

// ask asks a protocol about both directions; flip is 1 to exchange them.
func (e *Engine) ask(st *ConnState, p *l7.Proto, flip l7.Dir) l7.Verdict {
	var said [l7.Yes + 1]bool
	for d, h := range st.half {
		if len(h.buf) == 0 {
			continue
		}
		said[min(e.detect(p, l7.Dir(d)^flip, h.buf), l7.Yes)] = true
	}
	switch {
	case said[l7.Yes]:
		return l7.Yes
	case said[l7.No]:
		return l7.No
	case said[l7.NeedMore] || !said[l7.Maybe]:
		return l7.NeedMore
	}
	return l7.Maybe
}

// detect asks a protocol about the first bytes of one direction.
func (e *Engine) detect(p *l7.Proto, dir l7.Dir, b []byte) l7.Verdict {
	b = b[:min(len(b), detectMax)]
	e.enter(dir, b)
	v := p.Detect(dir, b)
	e.leave()
	return v
}
