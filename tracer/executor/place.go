package executor

import "github.com/wirespan/wirespan/bpf/sys"

// unplaced reports whether it is not known where the bytes of a message lie:
// all events that told of it were uncertain.
func (m *Message) unplaced() bool { return m.Flags&sys.Uncertain != 0 }

// cover takes the bytes of an event into those of the message. What several
// threads moved at the same time tells that and when they did, and nothing of
// where: it neither begins the range of a message nor extends it. It reports
// false for bytes before those that the message began with, which are not its
// own.
func (m *Message) cover(e *sys.Event) bool {
	doubted := e.Flags&sys.Uncertain != 0
	others := m.Flags &^ sys.Uncertain
	switch {
	case m.Length == 0, m.unplaced() && !doubted:
		m.Seq, m.Length, m.Flags = e.Seq, e.Length, others|e.Flags
		return true
	case doubted:
		m.Flags |= e.Flags &^ sys.Uncertain
		return true
	case int32(e.Seq-m.Seq) < 0:
		return false
	}
	m.Length, m.Flags = max(m.Length, e.Seq-m.Seq+e.Length), m.Flags|e.Flags
	return true
}
