package show

import "slices"

// Bounds of the table of endpoints; what exceeds them is summed up as "(other)".
const (
	maxOverviewServices  = 1000
	maxOverviewEndpoints = 200
	other                = "(other)"
)

// endpoints sums requests up by service and name.
type endpoints struct{ services map[string]*serviceSum }

type serviceSum struct {
	name  string
	names map[string]*sum
}

// sum is what is known of the requests to one endpoint.
type sum struct {
	name    string
	failed  int64
	latency histogram
}

func (e *endpoints) add(service, name []byte, ns int64, failed bool) {
	if e.services == nil {
		e.services = make(map[string]*serviceSum)
	}
	s := bounded(e.services, service, maxOverviewServices, func(n string) *serviceSum {
		return &serviceSum{name: n, names: make(map[string]*sum)}
	})
	p := bounded(s.names, name, maxOverviewEndpoints, func(n string) *sum { return &sum{name: n} })
	p.latency.add(ns)
	if failed {
		p.failed++
	}
}

// bounded finds an entry or makes it; in a full map "(other)" takes its place.
func bounded[T any](m map[string]*T, key []byte, limit int, make func(string) *T) *T {
	if v := m[string(key)]; v != nil {
		return v
	}
	name := string(key)
	if len(m) >= limit {
		name = other
		if v := m[name]; v != nil {
			return v
		}
	}
	v := make(name)
	m[name] = v
	return v
}

// only is the endpoint of a service that has no other.
func (s *serviceSum) only() *sum {
	if len(s.names) == 1 {
		for _, p := range s.names {
			return p
		}
	}
	return nil
}

// total sums a service up.
func (s *serviceSum) total() *sum {
	t := &sum{name: s.name}
	for _, p := range s.names {
		t.failed += p.failed
		t.latency.merge(&p.latency)
	}
	return t
}

// ranked orders sums by requests, then by name.
func ranked(list []*sum) []*sum {
	slices.SortFunc(list, func(a, b *sum) int {
		switch {
		case a.latency.count != b.latency.count && a.latency.count > b.latency.count:
			return -1
		case a.latency.count != b.latency.count:
			return 1
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
	return list
}
