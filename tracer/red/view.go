package red

import (
	"bytes"

	"github.com/wirespan/wirespan/tracer/span"
)

// view is what the metrics need of a span. Slices borrow from the span.
type view struct {
	exchange uint64
	inner    bool // a further sighting of its exchange, or the other one of a pair
	protocol []byte
	values   [numFields][]byte
	status   int64 // http.response.status_code, 0 if none
	partial  bool  // how long it took is not known: one of the two messages was not captured
}

// field is an attribute that becomes a label.
type field uint8

const (
	fMethod field = iota
	fRoute
	fTemplate
	fScheme
	fServer
	fErrorType
	fQuestion
	fDBSystem
	fDBOperation
	fDBCollection
	fDBStatus
	fRPCSystem
	fRPCMethod
	fRPCStatus
	numFields
)

// fields finds the field of an attribute key.
type fields []field // by span.Key; numFields for those of no interest

func newFields(keys *span.Keys) fields {
	f := make(fields, keys.Len())
	for i := range f {
		f[i] = numFields
	}
	for name, v := range map[string]field{
		"http.request.method": fMethod, "http.route": fRoute, "url.template": fTemplate, "url.scheme": fScheme,
		"server.address": fServer, "error.type": fErrorType, "dns.question.type": fQuestion,
		"db.system.name": fDBSystem, "db.operation.name": fDBOperation, "db.collection.name": fDBCollection,
		"db.response.status_code": fDBStatus, "rpc.system.name": fRPCSystem, "rpc.method": fRPCMethod,
		"rpc.status_code": fRPCStatus, "rpc.response.status_code": fRPCStatus,
	} {
		if k, ok := keys.Lookup(name); ok {
			f[k] = v
		}
	}
	return f
}

// Values of attributes that matter here (SPANS.md).
var (
	sighting     = []byte("sighting")
	unanswered   = []byte("none")
	captureEnded = []byte("capture_ended")
)

// read fills v from a span.
func (f fields) read(v *view, s *span.Span) {
	*v = view{}
	for at := range s.Attrs.All {
		switch at.Key {
		case span.KeyExchange:
			v.exchange = uint64(at.Num)
		case span.KeyLinkRule:
			v.inner = bytes.Equal(at.Str, sighting)
		case span.KeyNetworkProtocolName:
			v.protocol = at.Str
		case span.KeyHTTPResponseStatusCode:
			v.status = at.Num
		case span.KeyResponse:
			v.partial = !bytes.Equal(at.Str, unanswered)
		default:
			if int(at.Key) >= len(f) || f[at.Key] == numFields {
				continue
			}
			if at.Type == span.TypeString {
				v.values[f[at.Key]] = at.Str
			}
		}
	}
	v.partial = v.partial || bytes.Equal(v.values[fErrorType], captureEnded)
}

// schemaOf chooses the metric of a span.
func (v *view) schemaOf(k span.Kind) int {
	client := k == span.Client
	switch {
	case v.values[fRPCSystem] != nil && client:
		return rpcClient
	case v.values[fRPCSystem] != nil:
		return rpcServer
	case v.values[fMethod] != nil && client:
		return httpClient
	case v.values[fMethod] != nil:
		return httpServer
	case v.values[fDBSystem] != nil:
		return dbClient
	case v.values[fQuestion] != nil:
		return dnsLookup
	}
	return anyExchange
}
