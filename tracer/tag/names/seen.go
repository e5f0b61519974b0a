package names

import (
	"strings"
	"time"
)

// claims is how many names of one address are told apart.
const claims = 4

// Seen knows the names that addresses had in DNS answers and in name
// resolution blocks of capture files. It belongs to one goroutine; time is
// packet time.
type Seen struct {
	max     int
	dns     map[Addr]*answers
	file    map[Addr]string // empty: several
	refused uint64
	sweepAt int64 // packet time before which looking for room is in vain
}

// answers are the names that DNS gave one address.
type answers struct {
	list  [claims]claim
	crowd int64 // until when there are more names than can be told apart
}

type claim struct {
	name  string
	until int64
}

// NewSeen returns a Seen for at most so many addresses of each kind.
func NewSeen(limit int) *Seen {
	return &Seen{max: limit, dns: make(map[Addr]*answers), file: make(map[Addr]string)}
}

// Refused counts names of addresses beyond the bound.
func (s *Seen) Refused() uint64 { return s.refused }

// Len is the number of addresses that DNS answers named.
func (s *Seen) Len() int { return len(s.dns) }

// Learn takes one address of a DNS answer: who asks for name reaches addr,
// until ttl after at. name is borrowed.
func (s *Seen) Learn(at int64, addr Addr, name []byte, ttl time.Duration) {
	if len(name) > 0 && name[len(name)-1] == '.' {
		name = name[:len(name)-1]
	}
	if len(name) == 0 || len(name) > maxName || addr == (Addr{}) {
		return
	}
	until := at + int64(min(max(ttl, 0), maxTTL))
	a := s.dns[addr]
	if a == nil {
		if len(s.dns) >= s.max && !s.sweep(at) {
			s.refused++
			return
		}
		a = &answers{}
		s.dns[addr] = a
	}
	a.add(name, at, until)
}

// maxTTL bounds how long an answer counts. RFC 2181, section 8 allows 68 years.
const maxTTL = 24 * time.Hour

// add notes a name, in place of the one that ended first if there is no room.
func (a *answers) add(name []byte, at, until int64) {
	oldest := 0
	for i := range a.list {
		c := &a.list[i]
		if strings.EqualFold(c.name, string(name)) {
			c.until = max(c.until, until)
			return
		}
		if c.until < a.list[oldest].until { // an empty place has ended at 0
			oldest = i
		}
	}
	c := &a.list[oldest]
	if c.name != "" && c.until > at {
		a.crowd = max(a.crowd, c.until)
	}
	*c = claim{strings.ToLower(string(name)), until}
}

// sweep forgets the addresses whose names have all ended; false if there are
// none. It does not look again before a second of packet time has gone by.
func (s *Seen) sweep(at int64) bool {
	if at < s.sweepAt {
		return false
	}
	for addr, a := range s.dns {
		if a.crowd > at {
			continue
		}
		live := false
		for i := range a.list {
			live = live || a.list[i].name != "" && a.list[i].until > at
		}
		if !live {
			delete(s.dns, addr)
		}
	}
	if len(s.dns) < s.max {
		return true
	}
	s.sweepAt = at + int64(time.Second)
	return false
}

// SetFile takes a name from a capture file. It does not end.
func (s *Seen) SetFile(addr Addr, name string) {
	have, ok := s.file[addr]
	switch {
	case name == "" || len(name) > maxName:
	case ok && have != name:
		s.file[addr] = ""
	case !ok && len(s.file) >= s.max:
		s.refused++
	default:
		s.file[addr] = name
	}
}

// DNS returns the name of an address at a time: the only one that has not
// ended, else the one that ended last, since connections outlive the answer
// that led to them. Empty if there is none, or if there are several.
func (s *Seen) DNS(at int64, addr Addr) string {
	a := s.dns[addr]
	if a == nil || a.crowd > at {
		return ""
	}
	one, last, many := -1, 0, false
	for i := range a.list {
		c := &a.list[i]
		if c.name == "" {
			continue
		}
		if c.until > at {
			if one >= 0 {
				return ""
			}
			one = i
		}
		switch l := &a.list[last]; {
		case i == last:
		case c.until > l.until:
			last, many = i, false
		case c.until == l.until:
			many = true
		}
	}
	if one >= 0 {
		return a.list[one].name
	}
	if many {
		return ""
	}
	return a.list[last].name
}

// File returns the name that a capture file gives an address, empty if there is
// none or several.
func (s *Seen) File(addr Addr) string { return s.file[addr] }
