package export

import (
	"bytes"
	"strconv"

	"github.com/wirespan/wirespan/tracer/span"
)

// appendURL adds the absolute URL, put together from its parts if need be.
func appendURL(dst []byte, s *span.Span) []byte {
	if u := text(s, span.KeyURLFull); len(u) > 0 {
		return append(dst, u...)
	}
	if scheme := text(s, span.KeyURLScheme); len(scheme) > 0 {
		dst = append(dst, scheme...)
	} else {
		dst = append(dst, "http"...)
	}
	dst = appendHost(append(dst, "://"...), s)
	path := text(s, span.KeyURLPath)
	if len(path) == 0 || path[0] != '/' {
		dst = append(dst, '/')
	}
	dst = append(dst, path...)
	if q := text(s, span.KeyURLQuery); len(q) > 0 {
		dst = append(append(dst, '?'), q...)
	}
	return dst
}

// appendHost adds host and port, the port left out where it is the scheme's.
func appendHost(dst []byte, s *span.Span) []byte {
	at, ok := s.Attrs.Find(span.KeyServerAddress)
	if !ok {
		return append(dst, "unknown.invalid"...)
	}
	from := len(dst)
	dst = at.AppendText(dst)
	if bytes.IndexByte(dst[from:], ':') >= 0 {
		dst = append(dst, 0, 0)
		copy(dst[from+1:], dst[from:len(dst)-2])
		dst[from], dst[len(dst)-1] = '[', ']'
	}
	port := number(s, span.KeyServerPort, 0)
	if tls := string(text(s, span.KeyURLScheme)) == "https"; port == 0 || port == 80 && !tls || port == 443 && tls {
		return dst
	}
	return strconv.AppendInt(append(dst, ':'), port, 10)
}

func appendVersion(dst []byte, s *span.Span) []byte {
	v := text(s, span.KeyNetworkProtocolVersion)
	if len(v) == 0 {
		return append(dst, `"HTTP/1.1"`...)
	}
	return append(appendInner(append(dst, `"HTTP/`...), v), '"')
}
