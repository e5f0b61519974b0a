package engine

import (
	"math/bits"

	"github.com/wirespan/wirespan/l7"
)

// maxProtos is how many protocols a set has room for; the bit above is known's.
const maxProtos = 63

// protos is a set of protocols, by their index in Config.Protos.
type protos uint64

func (s protos) has(i int) bool { return s>>i&1 != 0 }

// first is the lowest index of a set that is not empty.
func (s protos) first() int { return bits.TrailingZeros64(uint64(s)) }

// sets are what detection looks up instead of going through the protocols.
type sets struct {
	byTransport [l7.ICMP + 1]protos
	byPort      map[uint16]protos // those it hints at
}

func setsOf(list []l7.Proto) sets {
	s := sets{byPort: make(map[uint16]protos)}
	for i := range list {
		for t := l7.TCP; t <= l7.ICMP; t <<= 1 {
			if list[i].Transport&t != 0 {
				s.byTransport[t] |= 1 << i
			}
		}
		for _, port := range list[i].Ports {
			s.byPort[port] |= 1 << i
		}
	}
	return s
}

// called is the set of the protocols with a name.
func (e *Engine) called(name string) (s protos) {
	for i := range e.cfg.Protos {
		if e.cfg.Protos[i].Name == name {
			s |= 1 << i
		}
	}
	return s
}

// candidates are the protocols that may be asked about a connection.
func (e *Engine) candidates(st *ConnState) protos {
	s := e.sets.byTransport[st.transport] &^ st.tried
	if st.force != "" {
		s &= e.called(st.force)
	}
	return s
}

// hintsOf are the protocols that a port of the connection is one of.
func (e *Engine) hintsOf(st *ConnState) protos {
	if !st.hinted {
		st.hinted, st.hints = true, e.sets.byPort[st.conn.Server.Port]|e.sets.byPort[st.conn.Client.Port]
	}
	return st.hints
}

// firsts is what the protocols say of streams that begin with a byte: No is
// certain, whatever follows, so that these need not be asked about more. Of
// streams in no protocol that we know, which are asked about again and again,
// that is nearly all. By direction and byte; filled as bytes come up.
type firsts [2][256]protos

// known marks what is filled.
const known = protos(1) << maxProtos

// mayBe are the protocols that do not say No to the first byte of what is there
// of a stream; flip is 1 to exchange the directions. Datagrams are whole: with
// one byte they are something else.
func (e *Engine) mayBe(st *ConnState, flip l7.Dir) protos {
	if st.transport != l7.TCP {
		return ^protos(0)
	}
	var s protos
	empty := true
	for d, h := range st.half {
		if len(h.buf) > 0 {
			s |= e.beginnings(l7.Dir(d)^flip, h.buf[:1])
			empty = false
		}
	}
	if empty {
		return ^protos(0)
	}
	return s
}

// beginnings are the protocols that do not say No to a byte.
func (e *Engine) beginnings(dir l7.Dir, b []byte) protos {
	if s := e.firsts[dir][b[0]]; s != 0 {
		return s
	}
	s := known
	for all := e.sets.byTransport[l7.TCP]; all != 0; all &= all - 1 {
		if i := all.first(); e.detect(&e.cfg.Protos[i], dir, b) != l7.No {
			s |= 1 << i
		}
	}
	e.firsts[dir][b[0]] = s
	return s
}
