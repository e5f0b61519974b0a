package pcapfile

import (
	"context"
	"io"
	"slices"

	"github.com/wirespan/wirespan/capture"
)

// merge orders the next packets of several lanes: a heap by time, then by the
// order in which the inputs were given.
type merge struct {
	begun   bool
	heap    []*lane // lanes with a packet in head
	waiting []*lane // lanes that must read before they can give a head
}

// merged takes the earliest packets of all lanes. It never reads while dst
// holds a packet, for a read may overwrite what the packet points to.
func (s *Source) merged(ctx context.Context, dst []capture.Packet) (n int, err error) {
	m := &s.merge
	if !m.begun {
		m.begun = true
		m.waiting = append(m.waiting, s.lanes...)
	}
	for n < len(dst) {
		for len(m.waiting) > 0 {
			l := m.waiting[0]
			if l.advance() {
				m.waiting = slices.Delete(m.waiting, 0, 1)
				m.push(l)
				continue
			}
			if n > 0 {
				return n, nil
			}
			err := l.fill(ctx)
			if err == io.EOF {
				m.waiting = slices.Delete(m.waiting, 0, 1)
				s.end(l)
			} else if err != nil {
				return 0, err
			}
		}
		if len(m.heap) == 0 {
			if n == 0 {
				err = io.EOF
			}
			return n, err
		}
		l := m.heap[0]
		dst[n] = l.head[0]
		n++
		if l.advance() {
			m.down(0)
		} else {
			m.pop()
			m.waiting = append(m.waiting, l)
		}
	}
	return n, nil
}

// before orders two lanes.
func (l *lane) before(o *lane) bool {
	return l.key < o.key || l.key == o.key && l.order < o.order
}

func (m *merge) push(l *lane) {
	m.heap = append(m.heap, l)
	for i := len(m.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !m.heap[i].before(m.heap[up]) {
			return
		}
		m.heap[i], m.heap[up] = m.heap[up], m.heap[i]
		i = up
	}
}

func (m *merge) pop() {
	last := len(m.heap) - 1
	m.heap[0] = m.heap[last]
	m.heap[last] = nil
	m.heap = m.heap[:last]
	m.down(0)
}

func (m *merge) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(m.heap); c++ {
			if m.heap[c].before(m.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}
