package names

import (
	"errors"
	"fmt"
	"slices"
)

// MaxRules bounds a Map.
const MaxRules = 200_000

// Map finds the entry of an endpoint. It is immutable.
type Map struct {
	entries map[Pattern]*Entry
	clients map[Pattern]*Entry // Port 0: for an address that is not on a port of its own
	levels  []level            // longest prefix first
}

// level is a prefix length that has rules, and of which kinds.
type level struct {
	bits             int
	ported, segments bool
}

var errTooMany = fmt.Errorf("more than %d names", MaxRules)

// NewMap makes a Map. Two rules with one pattern and different names are an
// error: which one is meant cannot be told.
func NewMap(rules []Rule) (*Map, error) {
	if len(rules) > MaxRules {
		return nil, errTooMany
	}
	m := &Map{entries: make(map[Pattern]*Entry, len(rules)), clients: make(map[Pattern]*Entry)}
	levels := make(map[int]level)
	shared := make(map[Entry]*Entry) // equal entries are one, so that identities are shared
	var errs []error
	for i := range rules {
		r := &rules[i]
		if have := m.entries[r.Pattern]; have != nil && *have != r.Entry {
			errs = append(errs, fmt.Errorf("names: two names for one address: %q and %q", have.Service, r.Service))
			continue
		}
		e := shared[r.Entry]
		if e == nil {
			e = &Entry{}
			*e = r.Entry
			shared[r.Entry] = e
		}
		m.entries[r.Pattern] = e
		l := levels[r.Bits]
		levels[r.Bits] = level{r.Bits, l.ported || r.Port != 0, l.segments || r.Segment != 0}
	}
	for _, l := range levels {
		m.levels = append(m.levels, l)
	}
	slices.SortFunc(m.levels, func(a, b level) int { return b.bits - a.bits })
	m.forClients()
	return m, errors.Join(errs...)
}

// forClients prepares names of addresses without a port. A client has a port of
// no meaning: it is called like the one service that is named at its address.
func (m *Map) forClients() {
	many := &Entry{}
	for p, e := range m.entries {
		port := p.Port
		p.Port = 0
		switch have := m.clients[p]; {
		case port == 0:
			m.clients[p] = e
		case m.entries[p] != nil: // the address has a name of its own
		case have == nil:
			m.clients[p] = e
		case have != e:
			m.clients[p] = many
		}
	}
	for p, e := range m.clients {
		if e == many {
			delete(m.clients, p)
		}
	}
}

// Len is the number of patterns.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.entries)
}

// Server returns the entry of a serving endpoint, nil if there is none: that
// with the longest prefix, of those the one with the port, of those the one of
// the segment. A nil Map has no entries.
func (m *Map) Server(addr Addr, port uint16, seg Segment) *Entry {
	if m == nil {
		return nil
	}
	for _, l := range m.levels {
		p := Pattern{Addr: mask(addr, l.bits), Bits: l.bits}
		if l.ported {
			p.Port = port
			if e := find(m.entries, p, l, seg); e != nil {
				return e
			}
			p.Port = 0
		}
		if e := find(m.entries, p, l, seg); e != nil {
			return e
		}
	}
	return nil
}

// Client returns the entry of an address whose port has no meaning: that of
// the address, or of the only port that is named at it.
func (m *Map) Client(addr Addr, seg Segment) *Entry {
	if m == nil {
		return nil
	}
	for _, l := range m.levels {
		if e := find(m.clients, Pattern{Addr: mask(addr, l.bits), Bits: l.bits}, l, seg); e != nil {
			return e
		}
	}
	return nil
}

func find(in map[Pattern]*Entry, p Pattern, l level, seg Segment) *Entry {
	if l.segments && seg != 0 {
		p.Segment = seg
		if e := in[p]; e != nil {
			return e
		}
		p.Segment = 0
	}
	return in[p]
}
