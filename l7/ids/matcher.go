package ids

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/l7"
)

// maxName is the longest name that can be configured, in bytes.
const maxName = 63

// Config says which names carry IDs, beside the trace contexts and forwarding
// headers, which are always recognised.
type Config struct {
	RequestIDs []string // headers of class IDRequest
	Fields     []string // names of class IDUser

	// Fields elsewhere, all of class IDUser: parameters of queries, fields of
	// forms, paths in JSON bodies, keys in SQL comments.
	Query, Form, JSON, SQL []string
}

// Default returns the request-ID headers that gateways use of themselves
// (DESIGN.md, section 7).
func Default() Config {
	return Config{RequestIDs: []string{
		"X-Request-ID", "X-Correlation-ID", "X-Bfe-Log-Id", "Stgw-request-id", "X-BLB-Request-Id", "X-Unique-ID", "CF-Ray",
	}}
}

// Validate reports every fault of the configuration at once.
func (c Config) Validate() error {
	var errs []error
	seen := make(map[string]l7.IDClass)
	for _, k := range known {
		seen[k.name] = k.class
	}
	check := func(key string, names []string, class l7.IDClass) {
		for _, n := range names {
			f := fold(n)
			switch was, dup := seen[f]; {
			case n == "":
				errs = append(errs, fmt.Errorf("%s: empty name", key))
			case len(n) > maxName:
				errs = append(errs, fmt.Errorf("%s: %q is longer than %d bytes", key, n, maxName))
			case dup && was != class:
				errs = append(errs, fmt.Errorf("%s: %q already has another meaning", key, n))
			default:
				seen[f] = class
			}
		}
	}
	check("request_ids", c.RequestIDs, l7.IDRequest)
	check("fields", c.Fields, l7.IDUser)
	return errors.Join(append(errs, c.validateFields())...)
}

// name is a recognised name in folded form.
type name struct {
	name  string
	class l7.IDClass
	usual string // spelling that is tried first; empty: name
	key   uint64 // keyOf(name)
}

// known are the names that need no configuration, in folded form.
var known = []name{
	{name: "traceparent", class: l7.IDContext},
	{name: "tracestate", class: l7.IDBaggage},
	{name: "b3", class: l7.IDContext},
	{name: "x-b3-traceid", class: l7.IDContext, usual: "X-B3-TraceId"},
	{name: "x-b3-spanid", class: l7.IDBaggage, usual: "X-B3-SpanId"},
	{name: "x-b3-parentspanid", class: l7.IDBaggage, usual: "X-B3-ParentSpanId"},
	{name: "x-b3-sampled", class: l7.IDBaggage, usual: "X-B3-Sampled"},
	{name: "x-b3-flags", class: l7.IDBaggage, usual: "X-B3-Flags"},
	{name: "uber-trace-id", class: l7.IDContext},
	{name: "sw8", class: l7.IDContext},
	{name: "sw6", class: l7.IDContext},
	{name: "sw3", class: l7.IDContext},
	{name: "x-datadog-trace-id", class: l7.IDContext},
	{name: "x-datadog-parent-id", class: l7.IDBaggage},
	{name: "x-datadog-sampling-priority", class: l7.IDBaggage},
	{name: "x-datadog-tags", class: l7.IDBaggage},
	{name: "x-amzn-trace-id", class: l7.IDContext, usual: "X-Amzn-Trace-Id"},
	{name: "x-cloud-trace-context", class: l7.IDContext, usual: "X-Cloud-Trace-Context"},
	{name: "grpc-trace-bin", class: l7.IDContext},
	{name: "x-forwarded-for", class: l7.IDForwarded, usual: "X-Forwarded-For"},
	{name: "forwarded", class: l7.IDForwarded, usual: "Forwarded"},
	{name: "x-real-ip", class: l7.IDForwarded, usual: "X-Real-IP"},
	{name: "true-client-ip", class: l7.IDForwarded, usual: "True-Client-IP"},
	{name: "cf-connecting-ip", class: l7.IDForwarded, usual: "CF-Connecting-IP"},
}

// Matcher is a compiled set of names. It is immutable and may be shared by
// goroutines.
type Matcher struct {
	// first and last hold, per length, the set of letters (bit c&31) that
	// names of that length begin and end with: most names fail here.
	first, last [maxName + 1]uint32
	// names of one length.
	names [maxName + 1][]name
	// begin holds the bytes that a name may begin with.
	begin [256]bool

	fields fields
}

var _ l7.IDMatcher = (*Matcher)(nil)

// New compiles the configuration.
func New(c Config) (*Matcher, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := new(Matcher)
	for _, k := range known {
		m.add(k.name, k.class, k.usual)
	}
	for _, n := range c.RequestIDs {
		m.add(fold(n), l7.IDRequest, n)
	}
	for _, n := range c.Fields {
		m.add(fold(n), l7.IDUser, n)
	}
	m.fields = newFields(&c)
	return m, nil
}

func (m *Matcher) add(n string, class l7.IDClass, usual string) {
	l := len(n)
	for _, c := range [...]byte{n[0], n[0] &^ 0x20, '_'} {
		m.begin[c] = m.begin[c] || folded(c) == n[0]
	}
	m.first[l] |= letter(n[0])
	m.last[l] |= letter(n[l-1])
	m.names[l] = append(m.names[l], name{n, class, cmp.Or(usual, n), keyOf([]byte(n))})
}

// letter is the bit of a folded byte, and of '_' where that is meant too.
func letter(c byte) uint32 {
	if c == '-' {
		return 1<<('-'&31) | 1<<('_'&31)
	}
	return 1 << (c & 31)
}

// Begins reports whether a name that Match knows may begin with c.
func (m *Matcher) Begins(c byte) bool { return m.begin[c] }

// Match classifies a name as it is on the wire; IDNone if it carries none.
func (m *Matcher) Match(b []byte) l7.IDClass {
	l := len(b)
	if uint(l-1) >= maxName || m.first[l]>>(b[0]&31)&(m.last[l]>>(b[l-1]&31))&1 == 0 {
		return l7.IDNone
	}
	return m.find(b)
}

func (m *Matcher) find(b []byte) l7.IDClass {
	list, k := m.names[len(b)], keyOf(b)
	for i := range list {
		if n := &list[i]; n.key == k && (string(b) == n.usual || equal(b, n.name)) {
			return n.class
		}
	}
	if bytes.IndexByte(b, '_') < 0 {
		return l7.IDNone
	}
	for i := range list {
		if equal(b, list[i].name) {
			return list[i].class
		}
	}
	return l7.IDNone
}

// keyOf is the same for all spellings of a name, but for '_'. Few names of one
// length share it.
func keyOf(b []byte) (k uint64) {
	if len(b) >= 8 {
		return binary.LittleEndian.Uint64(b) | 0x2020202020202020
	}
	for _, c := range b {
		k = k<<8 | uint64(c|0x20)
	}
	return k
}

// folded maps a byte to the one that stands for it in comparisons: lower case,
// '-' for '_'.
func folded(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c | 0x20
	case c == '_':
		return '-'
	}
	return c
}

// equal compares a name from the wire with a folded one.
func equal(b []byte, f string) bool {
	if len(b) != len(f) {
		return false
	}
	for i, c := range b {
		if c != f[i] && folded(c) != f[i] {
			return false
		}
	}
	return true
}

func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = folded(c)
	}
	return string(b)
}
