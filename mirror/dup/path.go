package dup

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/capture/wire"
)

// numPaths are remembered by a Filter: from one host to another, at one point.
const numPaths = 256

// pathAge is how many packets a path is judged by; then they count half.
const pathAge = 64

// path counts the packets that came from one host to another, and those of them
// that came again.
type path struct {
	hash         uint32
	firsts, agns uint16
	id           uint16 // identification of the last packet that was no copy
	fixed        bool   // it was that of the one before, so that it tells nothing
}

// pathOf finds the path of f; a new one takes the place of what is there.
func (d *Filter) pathOf(f *wire.Frame) *path {
	le := binary.LittleEndian
	h := fold(le.Uint64(f.Src[:8])^le.Uint64(f.Src[8:])<<1, le.Uint64(f.Dst[:8])^le.Uint64(f.Dst[8:])<<1^uint64(f.Tap))
	p := &d.paths[h%numPaths]
	if hash := uint32(h >> 32); p.hash != hash {
		*p = path{hash: hash}
	}
	return p
}

func (p *path) first(id uint16) {
	p.id, p.fixed = id, p.firsts > 0 && p.id == id
	if p.firsts++; p.firsts == pathAge {
		p.firsts, p.agns = p.firsts/2, p.agns/2
	}
}

// copy counts a packet that came again, once however often it does.
func (p *path) copy() { p.agns = min(p.agns+1, p.firsts) }

// doubled reports whether the packets of the path come twice, as a rule.
func (p *path) doubled() bool { return p.agns*2 >= p.firsts }

// forget takes back what packets said that are no copies.
func (p *path) forget() { p.agns = 0 }
