package join

import (
	"bytes"

	"github.com/cespare/xxhash/v2"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/tag"
)

// describeTarget sets the span name and what the request asked for.
func (j *Joiner) describeTarget(x *exchange, m *l7.Message) {
	switch {
	case len(m.Name) > 0:
		x.name = append(x.name[:0], limit(m.Name, 512)...)
	case x.rec.Class == l7.ClassHTTP:
		j.describeHTTP(x, m)
	case x.rec.Class == l7.ClassDNS:
		x.name = append(append(x.name[:0], "DNS "...), m.Op...)
		x.rec.Target, x.rec.Variant = xxhash.Sum64(m.Resource), uint16(xxhash.Sum64(m.Op))
	default:
		x.name = append(x.name[:0], m.Op...)
		switch {
		case len(m.Resource) > 0:
			x.name = append(append(x.name, ' '), limit(m.Resource, 256)...)
		case x.rec.Class == l7.ClassTLS: // the client named nobody
			addr := [16]byte(x.rec.Server.Addr)
			x.name = span.AppendIP(append(x.name, ' '), &addr)
		}
	}
	if len(m.Version) > 0 && !j.cfg.Core {
		x.attrs = span.AppendString(x.attrs, span.KeyNetworkProtocolVersion, m.Version)
	}
}

// describeHTTP sets method, path and query, redacted, and the template.
func (j *Joiner) describeHTTP(x *exchange, m *l7.Message) {
	switch {
	case len(m.Op) == 0: // HTTP/2 whose header table was not seen
		x.name = append(x.name[:0], "HTTP"...)
	case knownMethod(m.Op):
		x.name = append(x.name[:0], m.Op...)
		x.attrs = span.AppendString(x.attrs, span.KeyHTTPRequestMethod, m.Op)
	default:
		x.name = append(x.name[:0], "HTTP"...)
		x.attrs = span.AppendString(x.attrs, span.KeyHTTPRequestMethod, "_OTHER")
		x.attrs = span.AppendString(x.attrs, span.KeyHTTPRequestMethodOriginal, limit(m.Op, 64))
	}
	h := xxhash.Sum64(m.Resource)
	x.rec.Target = (h ^ xxhash.Sum64(m.Op)) | 1
	t := j.cfg.Redact.AppendTarget(j.list[:0], limit(m.Resource, maxValue))
	j.list = t
	path, query, found := bytes.Cut(t, question)
	if len(path) > 0 {
		x.attrs = span.AppendString(x.attrs, span.KeyURLPath, path)
	}
	if found && len(query) > 0 {
		x.attrs = span.AppendString(x.attrs, span.KeyURLQuery, query)
	}
	j.describePath(x, path)
}

// describePath sets the template of a path: the configured route that it
// matches, or what it looks like.
func (j *Joiner) describePath(x *exchange, path []byte) {
	if j.cfg.Routes != nil {
		if r, ok := j.cfg.Routes.Match(path); ok {
			x.template = append(x.template[:0], r[:min(len(r), maxValue)]...)
			x.rec.Flags |= link.Routed
			return
		}
	}
	x.template = tag.AppendTemplate(x.template[:0], path)
	if j.cfg.OnlyRoutes {
		x.rec.Flags |= link.Unrouted
	}
}

var question = []byte{'?'}

// knownMethod reports whether a method is one of RFC 9110, section 9, or PATCH
// (RFC 5789), as the conventions define http.request.method.
func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY":
		return true
	}
	return false
}
