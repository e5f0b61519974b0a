package red

import (
	"encoding/binary"
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

// maxPending bounds the exchanges of one trace that wait for further sightings.
const maxPending = 256

// maxValue bounds the bytes of one label's value.
const maxValue = 128

// entry is an exchange whose trace is not through.
type entry struct {
	exchange   uint64
	head       bool // its outermost span was there
	fail       bool
	partial    bool // counts as a request, but not as a duration
	kind       span.Kind
	depth      int
	start, end int64
	trace      span.TraceID
	id         span.SpanID
	series     []byte // key: schema, then the values of service.name and its labels
	endpoint   []byte // key: the values of endpointLabels
}

// rank orders the spans of one exchange by how well they stand for it: the
// server's, and of several the one nearest to it; then the client's, which are
// only there when the protocol's spans are.
func rank(k span.Kind) int {
	switch k {
	case span.Server:
		return 3
	case span.Client, span.Producer, span.Consumer:
		return 2
	}
	return 1
}

// better reports whether a span stands for the exchange rather than e does.
func (e *entry) better(s *span.Span) bool {
	if a, b := rank(s.Kind), rank(e.kind); a != b {
		return a > b
	}
	if s.Kind == span.Server {
		return s.Depth > e.depth
	}
	return s.Depth < e.depth
}

// fill takes the span that stands for the exchange.
func (e *entry) fill(s *span.Span, v *view) {
	e.kind, e.depth, e.start, e.end = s.Kind, s.Depth, s.Start, s.End
	e.trace, e.id, e.fail = s.Trace, s.ID, s.Status == span.Error
	e.partial = v.partial
	e.series = appendSeries(e.series[:0], s, v)
	k := e.endpoint[:0]
	k = appendValue(k, s.Service)
	k = appendValue(k, v.protocol)
	k = appendValue(k, kindNames[s.Kind])
	e.endpoint = appendValue(k, s.Name)
}

var kindNames = [...][]byte{nil, []byte("INTERNAL"), []byte("SERVER"), []byte("CLIENT"), []byte("PRODUCER"), []byte("CONSUMER")}

var plainHTTP = []byte("http")

// appendSeries adds the key of a span's series.
func appendSeries(k []byte, s *span.Span, v *view) []byte {
	schema := v.schemaOf(s.Kind)
	k = append(k, byte(schema))
	k = appendValue(k, s.Service)
	x := &v.values
	switch schema {
	case httpServer:
		k = appendValue(appendValue(k, x[fMethod]), x[fRoute])
		k = appendValue(appendNumber(k, v.status), x[fErrorType])
		if x[fScheme] == nil { // what can be read is not encrypted
			x[fScheme] = plainHTTP
		}
		return appendValue(k, x[fScheme])
	case httpClient:
		k = appendValue(appendValue(k, x[fMethod]), x[fTemplate])
		k = appendValue(appendNumber(k, v.status), x[fErrorType])
		return appendValue(k, x[fServer])
	case dbClient:
		k = appendValue(appendValue(k, x[fDBSystem]), x[fDBOperation])
		return appendValue(appendValue(appendValue(k, x[fDBCollection]), x[fDBStatus]), x[fErrorType])
	case dnsLookup:
		return appendValue(appendValue(k, x[fQuestion]), x[fErrorType])
	case rpcServer, rpcClient:
		k = appendValue(appendValue(k, x[fRPCSystem]), x[fRPCMethod])
		return appendValue(appendValue(k, x[fRPCStatus]), x[fErrorType])
	}
	return appendValue(appendValue(appendValue(k, v.protocol), s.Name), x[fErrorType])
}

// appendValue adds a value with its length.
func appendValue(k, v []byte) []byte {
	v = v[:min(len(v), maxValue)]
	k = binary.AppendUvarint(k, uint64(len(v)))
	return append(k, v...)
}

func appendNumber(k []byte, n int64) []byte {
	if n == 0 {
		return append(k, 0)
	}
	var b [20]byte
	return appendValue(k, strconv.AppendInt(b[:0], n, 10))
}

// takeValue takes the first value off a key.
func takeValue(k []byte) (v, rest []byte) {
	n, w := binary.Uvarint(k)
	return k[w : w+int(n)], k[w+int(n):]
}
