package cassandra

import "github.com/wirespan/wirespan/l7/sqltext"

// waiting is a request whose answer changes what the parser knows.
type waiting struct {
	stream uint16
	text   *sqltext.Statement // of a PREPARE
}

// wait remembers a PREPARE; the oldest is forgotten.
func (p *parser) wait(stream uint16, text *sqltext.Statement) {
	p.waiting[p.next] = waiting{stream, text}
	p.next = (p.next + 1) % len(p.waiting)
}

// answered gives the PREPARE that a stream id belongs to and forgets it.
func (p *parser) answered(stream uint16) *sqltext.Statement {
	for i := range p.waiting {
		if w := &p.waiting[i]; w.text != nil && w.stream == stream {
			t := w.text
			w.text = nil
			return t
		}
	}
	return nil
}

// Bounds of the texts that are kept.
const (
	maxPrepared = 1024
	maxKept     = 512 << 10
	maxID       = 64
)

// shelf has the statements that were prepared, by the id the server gave.
type shelf struct {
	texts map[string]*sqltext.Statement
	order []string // oldest first
	size  int
}

func (s *shelf) put(id []byte, t *sqltext.Statement) {
	if len(id) == 0 || len(id) > maxID {
		return
	}
	if old := s.texts[string(id)]; old != nil {
		s.size += t.Size() - old.Size()
		s.texts[string(id)] = t
		return
	}
	if s.texts == nil {
		s.texts = map[string]*sqltext.Statement{}
	}
	k := string(id)
	s.texts[k] = t
	s.order = append(s.order, k)
	s.size += t.Size()
	for len(s.order) > maxPrepared || s.size > maxKept && len(s.order) > 1 {
		s.size -= s.texts[s.order[0]].Size()
		delete(s.texts, s.order[0])
		s.order = s.order[:copy(s.order, s.order[1:])]
	}
}

func (s *shelf) get(id []byte) *sqltext.Statement { return s.texts[string(id)] }
