package http2

import (
	"strconv"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Media types of calls.
const (
	mediaGRPC   = "application/grpc" // with +proto, +json, -web, -web-text and so on behind
	mediaText   = "application/grpc-web-text"
	mediaTriple = "application/triple" // Dubbo
	mediaDubbo  = "application/grpc+hessian2"
	agentDubbo  = "grpc-go-triple"
)

// rpc reports whether the fields are those of a call.
func (f *fields) rpc() bool {
	return f.triple || cursor.HasPrefixFold(f.media, mediaGRPC) || cursor.HasPrefixFold(f.media, mediaTriple)
}

// framed notes how the messages of a direction of a call are written: with
// prefixes, in gRPC-Web perhaps in base64.
func (p *parser) framed(dir l7.Dir, s *stream, media []byte) {
	if !cursor.HasPrefixFold(media, mediaGRPC) {
		return
	}
	s.rpc = true
	if s.text[dir] = cursor.HasPrefixFold(media, mediaText); s.text[dir] && p.streams.keep(s) == nil {
		s.msgs[dir].lost = true // without room nothing is counted
	}
}

var (
	systemGRPC  = []byte("grpc")
	systemDubbo = []byte("dubbo")
)

// call describes the request of a call.
func (f *fields) call(m *l7.Message) {
	m.Protocol, m.Class, m.Name = protocolGRPC, l7.ClassRPC, systemGRPC
	system := systemGRPC
	if f.triple || cursor.HasPrefixFold(f.media, mediaTriple) || cursor.HasPrefixFold(f.media, mediaDubbo) || cursor.HasPrefixFold(f.agent, agentDubbo) {
		system = systemDubbo
	}
	m.Str(keySystem, system)
	if len(f.path) > 1 && f.path[0] == '/' {
		m.Name = f.path[1:]
		m.Str(keyMethod, m.Name)
	}
	if ns, ok := timeout(f.timeout); ok {
		m.Int(keyTimeout, ns)
	}
}

// timeout reads grpc-timeout (gRPC over HTTP/2, "Timeout"): up to eight digits
// and a unit.
func timeout(v []byte) (ns int64, ok bool) {
	if len(v) < 2 || len(v) > 9 {
		return 0, false
	}
	n, ok := cursor.Decimal(v[:len(v)-1])
	unit := int64(0)
	switch v[len(v)-1] {
	case 'n':
		unit = 1
	case 'u':
		unit = 1e3
	case 'm':
		unit = 1e6
	case 'S':
		unit = 1e9
	case 'M':
		unit = 60e9
	case 'H':
		unit = 3600e9
	}
	if !ok || unit == 0 || int64(n) > 1<<62/unit {
		return 0, false
	}
	return int64(n) * unit, true
}

// rpcCodes are the names of status codes
// (https://github.com/grpc/grpc/blob/master/doc/statuscodes.md).
var rpcCodes = [][]byte{
	[]byte("OK"), []byte("CANCELLED"), []byte("UNKNOWN"), []byte("INVALID_ARGUMENT"), []byte("DEADLINE_EXCEEDED"), []byte("NOT_FOUND"),
	[]byte("ALREADY_EXISTS"), []byte("PERMISSION_DENIED"), []byte("RESOURCE_EXHAUSTED"), []byte("FAILED_PRECONDITION"), []byte("ABORTED"),
	[]byte("OUT_OF_RANGE"), []byte("UNIMPLEMENTED"), []byte("INTERNAL"), []byte("UNAVAILABLE"), []byte("DATA_LOSS"), []byte("UNAUTHENTICATED"),
}

// Status codes that are looked at.
const (
	rpcCancelled   = 1
	rpcUnknown     = 2
	rpcDeadline    = 4
	rpcDenied      = 7
	rpcExhausted   = 8
	rpcUnsupported = 12
	rpcInternal    = 13
	rpcUnavailable = 14
	rpcDataLoss    = 15
)

// outcome takes grpc-status and grpc-message, from trailers or from the head of
// a response that is nothing but trailers.
func (p *parser) outcome(f *fields, m *l7.Message) {
	if f.rpcStatus < 0 {
		return
	}
	p.text = p.text[:0]
	p.setStatus(f.rpcStatus, m)
	if len(f.message) > 0 {
		from := len(p.text)
		p.text = appendUnescaped(p.text, f.message)
		m.Str(keyRPCMessage, p.text[from:])
	}
}

// setStatus sets the status of a call.
func (p *parser) setStatus(code int32, m *l7.Message) {
	m.Code, m.Status = code, rpcSide(code)
	var name []byte
	if int(code) < len(rpcCodes) {
		name = rpcCodes[code]
	} else {
		p.text = strconv.AppendInt(p.text, int64(code), 10)
		name = p.text
	}
	m.Str(keyRPCStatus, name)
	if code != 0 {
		m.Error = name
	}
}

// rpcSide says whose error a status code is
// (https://opentelemetry.io/docs/specs/semconv/rpc/grpc/, "Status").
func rpcSide(code int32) l7.Status {
	switch code {
	case 0:
		return l7.OK
	case rpcUnknown, rpcDeadline, rpcUnsupported, rpcInternal, rpcUnavailable, rpcDataLoss:
		return l7.ServerError
	}
	return l7.ClientError
}

// appendUnescaped undoes the percent-coding of grpc-message (gRPC over HTTP/2,
// "Status-Message"); what is wrongly coded stays as it is.
func appendUnescaped(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			if hi, lo := cursor.HexDigit(b[i+1]), cursor.HexDigit(b[i+2]); hi < 16 && lo < 16 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, b[i])
	}
	return dst
}
