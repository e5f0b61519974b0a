package proxy

import "github.com/wirespan/wirespan/l7"

// Proto describes the header.
func Proto() l7.Proto {
	return l7.Proto{
		Name: "proxy", Transport: l7.TCP, Window: window,
		Depth:  "header of versions 1 and 2: client addresses for what follows; no spans of its own",
		Detect: Detect,
		New:    func(l7.Options) l7.Parser { return &parser{} },
	}
}

// Detect knows the header once it is all there.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	if dir == l7.ToClient {
		return l7.No // never: where the server speaks first, the protocols behind the header are to be asked
	}
	_, _, v := size(b)
	if v == l7.NeedMore && len(b) > len(v2) {
		return l7.Yes
	}
	return v
}

// parser reads one header.
type parser struct {
	addr [maxAddr]byte
}

// Parse reads the header, behind which another protocol follows.
func (p *parser) Parse(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	if dir == l7.ToClient {
		return l7.Step{}, nil // it belongs to what follows
	}
	n, need, v := size(b)
	switch v {
	case l7.No:
		return l7.Step{}, l7.ErrNotMine
	case l7.NeedMore:
		return l7.Step{Need: need}, nil
	}
	if addr := appendClient(p.addr[:0], b[:n]); len(addr) > 0 {
		out.Forwarded(addr)
	}
	return l7.Step{Consumed: n}, l7.ErrSwitch
}

// Gap loses the header: what follows is found by its own content.
func (p *parser) Gap(l7.Dir, int64) bool { return false }

// Resync finds nothing: there is one header.
func (p *parser) Resync(_ l7.Dir, b []byte) (int, bool) { return len(b), false }

// Cut has nothing to tell.
func (p *parser) Cut(l7.Dir, []byte, *l7.Emitter) {}

// End has nothing to tell.
func (p *parser) End(l7.Dir, []byte, *l7.Emitter) {}

// Finish has nothing to tell.
func (p *parser) Finish(*l7.Emitter) {}
