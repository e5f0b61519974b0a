package red

import (
	"time"

	"github.com/wirespan/wirespan/tracer/metric"
)

// tables hold what is counted. Keys are those of entry.
type tables struct {
	cfg       *Config
	services  map[string]*service
	endpoints map[string]*endpoint
	series    map[string]*series
	others    int   // of series: those of "other", at most one per schema
	swept     int64 // time of the last look for idle series
	forgotten uint64
	scratch   []byte
}

// sweepEvery keeps full tables from being searched for every span.
const sweepEvery = int64(time.Minute)

func newTables(c *Config) tables {
	return tables{
		cfg: c, services: make(map[string]*service), endpoints: make(map[string]*endpoint), series: make(map[string]*series),
	}
}

// serviceOf returns a service, nil if there is no room for one more.
func (t *tables) serviceOf(name []byte) *service {
	if s := t.services[string(name)]; s != nil {
		return s
	}
	if len(t.services) >= t.cfg.Services {
		return nil
	}
	s := &service{name: string(name)}
	t.services[s.name] = s
	return s
}

// endpointOf finds or makes the counters of an entry; second is false when it
// is counted under "other".
func (t *tables) endpointOf(e *entry) (*endpoint, bool) {
	if p := t.endpoints[string(e.endpoint)]; p != nil {
		return p, true
	}
	name, rest := takeValue(e.endpoint)
	if s := t.services[string(name)]; s == nil && len(t.services) >= t.cfg.Services || s != nil && s.endpoints >= t.cfg.Endpoints {
		t.makeRoom(e.end)
	}
	s := t.serviceOf(name)
	if s != nil && s.endpoints < t.cfg.Endpoints {
		return t.addEndpoint(e, e.endpoint, s), true
	}
	// One more name of a known service, or anything of one that is not.
	proto, rest := takeValue(rest)
	kind, _ := takeValue(rest)
	k := appendValue(t.scratch[:0], []byte(other))
	if s != nil {
		k = appendValue(t.scratch[:0], name)
	}
	k = appendValue(appendValue(appendValue(k, proto), kind), []byte(other))
	t.scratch = k
	if p := t.endpoints[string(k)]; p != nil {
		return p, false
	}
	return t.addEndpoint(e, k, s), false
}

func (t *tables) addEndpoint(e *entry, key []byte, s *service) *endpoint {
	p := &endpoint{service: s, start: e.start}
	for _, name := range endpointLabels {
		var v []byte
		v, key = takeValue(key)
		p.labels = append(p.labels, metric.Label{Key: name, Value: string(v)})
	}
	if s != nil {
		s.endpoints++
	}
	t.endpoints[string(keyOf(p.labels))] = p
	return p
}

// seriesOf finds or makes the histogram of an entry. admitted says that the
// entry's endpoint has a name of its own; else its histogram is that of others,
// too.
func (t *tables) seriesOf(e *entry, admitted bool) (*series, bool) {
	if admitted {
		if s := t.series[string(e.series)]; s != nil {
			return s, true
		}
		if len(t.series)-t.others >= t.cfg.Series {
			t.makeRoom(e.end)
		}
		if len(t.series)-t.others < t.cfg.Series {
			name, _ := takeValue(e.series[1:])
			return t.addSeries(e, e.series, t.services[string(name)]), true
		}
	}
	schema := int(e.series[0])
	k := append(t.scratch[:0], byte(schema))
	for range 1 + len(schemas[schema].labels) {
		k = appendValue(k, []byte(other))
	}
	t.scratch = k
	if s := t.series[string(k)]; s != nil {
		return s, false
	}
	return t.addSeries(e, k, nil), false
}

func (t *tables) addSeries(e *entry, key []byte, sv *service) *series {
	s := &series{schema: int(key[0]), service: sv, start: e.start}
	v, rest := takeValue(key[1:])
	s.labels = append(s.labels, metric.Label{Key: metric.ServiceName, Value: string(v)})
	for _, name := range schemas[s.schema].labels {
		v, rest = takeValue(rest)
		s.labels = append(s.labels, metric.Label{Key: name, Value: string(v)})
	}
	if sv != nil {
		sv.series++
	} else {
		t.others++
	}
	t.series[string(key)] = s
	return s
}

func keyOf(labels []metric.Label) []byte {
	var k []byte
	for _, l := range labels {
		k = appendValue(k, []byte(l.Value))
	}
	return k
}

// makeRoom forgets what has been idle for long, at most once per sweepEvery.
func (t *tables) makeRoom(now int64) {
	if now-t.swept < sweepEvery {
		return
	}
	t.swept = now
	old := now - int64(t.cfg.Idle)
	for k, s := range t.series {
		if s.service != nil && s.last < old {
			s.service.series--
			t.forgotten++
			delete(t.series, k)
		}
	}
	for k, p := range t.endpoints {
		if p.service != nil && p.last < old {
			p.service.endpoints--
			delete(t.endpoints, k)
		}
	}
	for k, s := range t.services {
		if s.series <= 0 && s.endpoints <= 0 {
			delete(t.services, k)
		}
	}
}
