package show

import (
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

// noKey is a key that no span has.
const noKey = ^span.Key(0)

// fields reads what people want to know out of a span.
type fields struct {
	codes [4]span.Key // where protocols put their outcome, in this order
}

func newFields(keys *span.Keys) (f fields) {
	for i, n := range [...]string{"http.response.status_code", "rpc.status_code", "db.response.status_code", "dns.response_code"} {
		f.codes[i] = noKey
		if k, ok := keys.Lookup(n); ok {
			f.codes[i] = k
		}
	}
	return f
}

// str is the text of an attribute of type string, nil if absent.
func str(s *span.Span, k span.Key) []byte {
	if at, ok := s.Attrs.Find(k); ok && at.Type == span.TypeString {
		return at.Str
	}
	return nil
}

// num is an integer attribute, 0 if absent.
func num(s *span.Span, k span.Key) int64 {
	if at, ok := s.Attrs.Find(k); ok && (at.Type == span.TypeInt || at.Type == span.TypeBool || at.Type == span.TypeHex) {
		return at.Num
	}
	return 0
}

// appendOutcome adds how the exchange ended: code and error, or what is
// missing. The text is not escaped yet.
func (f *fields) appendOutcome(dst []byte, s *span.Span) []byte {
	var code, failure span.Attr
	found := false
	for _, k := range f.codes {
		if code, found = s.Attrs.Find(k); found {
			break
		}
	}
	start := len(dst)
	if found {
		dst = code.AppendText(dst)
	}
	failure, failed := s.Attrs.Find(span.KeyErrorType)
	if failed && string(failure.Str) != string(dst[start:]) {
		dst = appendWord(dst, start, failure.Str)
	}
	switch response := str(s, span.KeyResponse); string(response) {
	case "":
		if len(dst) == start && s.Status == span.Error {
			return append(dst, "error"...)
		}
	case "none":
		if !failed {
			return appendWord(dst, start, []byte("no answer"))
		}
	case "oneway":
		return appendWord(dst, start, []byte("one-way"))
	default:
		return appendWord(dst, start, response)
	}
	return dst
}

func appendWord(dst []byte, start int, word []byte) []byte {
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	return append(dst, word...)
}

// httpClass is the hundreds of the HTTP status code, 0 if there is none.
func (f *fields) httpClass(s *span.Span) int64 { return num(s, span.KeyHTTPResponseStatusCode) / 100 }

// unanswered reports a request whose response never came.
func unanswered(s *span.Span) bool { return string(str(s, span.KeyResponse)) == "none" }

// asks reports kinds that describe the asking side.
func asks(s *span.Span) bool {
	return s.Kind == span.Client || s.Kind == span.Producer || s.Kind == span.Consumer
}

// appendServer adds who was asked: a name if one is known, else address and
// port.
func appendServer(dst []byte, s *span.Span) []byte {
	if p := str(s, span.KeyPeerService); len(p) > 0 {
		return append(dst, p...)
	}
	return appendEndpoint(dst, s, span.KeyServerAddress, span.KeyServerPort)
}

// appendEndpoint adds "address:port" as far as known, IPv6 in brackets.
func appendEndpoint(dst []byte, s *span.Span, address, port span.Key) []byte {
	at, ok := s.Attrs.Find(address)
	if !ok {
		return dst
	}
	p, hasPort := s.Attrs.Find(port)
	v6 := false
	start := len(dst)
	dst = at.AppendText(dst)
	for _, c := range dst[start:] {
		v6 = v6 || c == ':'
	}
	if !hasPort {
		return dst
	}
	if v6 {
		dst = append(dst, 0, ']')
		copy(dst[start+1:], dst[start:len(dst)-2])
		dst[start], dst[len(dst)-1] = '[', ']'
	}
	return strconv.AppendInt(append(dst, ':'), p.Num, 10)
}
