package memory

import (
	"context"
	"errors"
	"sync"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Store keeps spans in memory.
type Store struct {
	cfg Config

	mu      sync.RWMutex
	spans   []kept // in the order of writing, from number first on
	first   uint64
	bytes   int64
	index   map[store.Key][]uint64 // numbers of spans, in order
	aliases []store.Alias
	written uint64
	expired uint64
	closed  bool
	keys    []store.Key // scratch of Write
}

// kept is a span with the number of bytes that it is taken for.
type kept struct {
	span *store.Span
	size int64
}

var _ store.Store = (*Store)(nil)

var errClosed = errors.New("memory: store is closed")

// New makes an empty store.
func New(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Store{cfg: cfg, index: map[store.Key][]uint64{}}, nil
}

// Write copies the spans.
func (m *Store) Write(ctx context.Context, spans []store.Span) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	for i := range spans {
		m.add(&spans[i])
	}
	for len(m.spans) > m.cfg.MaxSpans || m.bytes > m.cfg.MaxBytes {
		m.drop()
	}
	return nil
}

func (m *Store) add(s *store.Span) {
	c := s.Clone()
	k := kept{&c, sizeOf(&c)}
	n := m.first + uint64(len(m.spans))
	m.keys = store.AppendKeys(m.keys[:0], &c)
	for _, key := range m.keys {
		if list := m.index[key]; len(list) == 0 || list[len(list)-1] != n {
			m.index[key] = append(list, n)
		}
	}
	m.spans = append(m.spans, k)
	m.bytes += k.size
	m.written++
}

// drop forgets the span that was written first.
func (m *Store) drop() {
	k := m.spans[0]
	m.keys = store.AppendKeys(m.keys[:0], k.span)
	for _, key := range m.keys {
		if list := m.index[key]; len(list) > 0 && list[0] == m.first {
			if len(list) == 1 {
				delete(m.index, key)
			} else {
				m.index[key] = list[1:]
			}
		}
	}
	m.spans[0] = kept{}
	m.spans = m.spans[1:]
	m.first++
	m.bytes -= k.size
	m.expired++
}

// sizeOf estimates what a span takes, with its share of the index.
func sizeOf(s *store.Span) int64 {
	n := 800 + len(s.Service) + len(s.Instance) + len(s.Agent) + len(s.Name) + len(s.Message) + len(s.State) + len(s.Scope)
	n += sizeOfAttrs(s.Attrs) + sizeOfAttrs(s.Resource)
	for i := range s.Events {
		n += 48 + len(s.Events[i].Name) + sizeOfAttrs(s.Events[i].Attrs)
	}
	for i := range s.Links {
		n += 48 + sizeOfAttrs(s.Links[i].Attrs)
	}
	return int64(n)
}

func sizeOfAttrs(list []store.Attr) (n int) {
	for i := range list {
		n += len(list[i].Key) + sizeOfValue(&list[i].Value) + 16
	}
	return n
}

func sizeOfValue(v *store.Value) int {
	n := 80 + len(v.Str) + sizeOfAttrs(v.Map)
	for i := range v.List {
		n += sizeOfValue(&v.List[i])
	}
	return n
}

// Sync has nothing to do.
func (m *Store) Sync(ctx context.Context) error { return ctx.Err() }

// maxAliases bounds the aliases; the first leave.
const maxAliases = 1 << 17

// Alias keeps the aliases.
func (m *Store) Alias(ctx context.Context, list []store.Alias) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errClosed
	}
	for _, a := range list {
		m.alias(a)
	}
	if n := len(m.aliases) - maxAliases; n > 0 {
		m.aliases = m.aliases[n:]
	}
	return nil
}

func (m *Store) alias(a store.Alias) {
	for i := range m.aliases {
		if o := &m.aliases[i]; o.Old == a.Old && o.Canonical == a.Canonical {
			o.Time = a.Time
			return
		}
	}
	m.aliases = append(m.aliases, a)
}

// Aliases returns those that name one of the ids.
func (m *Store) Aliases(ctx context.Context, ids []span.TraceID) (list []store.Alias, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, errClosed
	}
	for _, a := range m.aliases {
		for _, id := range ids {
			if a.Old == id || a.Canonical == id {
				list = append(list, a)
				break
			}
		}
	}
	return list, nil
}

// Stats counts; Bytes is estimated.
func (m *Store) Stats(ctx context.Context) (store.Stats, error) {
	if err := ctx.Err(); err != nil {
		return store.Stats{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return store.Stats{}, errClosed
	}
	st := store.Stats{Spans: uint64(len(m.spans)), Bytes: m.bytes, Written: m.written, Expired: m.expired}
	for i, k := range m.spans {
		if i == 0 || k.span.Start < st.Oldest {
			st.Oldest = k.span.Start
		}
	}
	return st, nil
}

// Close forgets everything.
func (m *Store) Close(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spans, m.index, m.aliases, m.closed = nil, nil, nil, true
	return nil
}
