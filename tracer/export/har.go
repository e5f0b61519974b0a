package export

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

var _ sink.Sink = (*HAR)(nil)

// HAR writes the HTTP spans as an HTTP Archive 1.2
// (http://www.softwareishard.com/blog/har-12-spec/), an entry for each. An
// exchange that was seen at several capture points gives several entries; the
// comment names the point. Spans of other protocols and synthetic ones are
// left out. Times of an entry start with the connect phase, as the format has
// it; name resolution and queueing in the client are not on the wire (-1).
type HAR struct {
	w        io.Writer
	out      []byte
	scratch  []byte
	headers  []headerKey
	sent     span.Key // media type of the request
	mimeType span.Key // of the response
	any      bool
	closed   bool
}

// headerKey is an attribute that carries a header.
type headerKey struct {
	key      span.Key
	name     string
	response bool
	pairs    bool // the values are name=value
}

// NewHAR returns a HAR that writes to w; version is that of wirespan.
func NewHAR(w io.Writer, keys *span.Keys, version string) *HAR {
	h := &HAR{w: w, sent: ^span.Key(0), mimeType: ^span.Key(0)}
	h.headers = []headerKey{
		{key: span.KeyUserAgentOriginal, name: "User-Agent"},
		{key: span.KeyClientForwarded, name: "X-Forwarded-For"},
		{key: span.KeyRequestID, pairs: true},
		{key: span.KeyContext, pairs: true},
		{key: span.KeyRequestIDResponse, pairs: true, response: true},
	}
	for i := range keys.Len() {
		k := span.Key(i)
		if n, ok := strings.CutPrefix(keys.Name(k), "http.request.header."); ok {
			h.headers = append(h.headers, headerKey{key: k, name: n})
			if n == "content-type" {
				h.sent = k
			}
		} else if n, ok := strings.CutPrefix(keys.Name(k), "http.response.header."); ok {
			h.headers = append(h.headers, headerKey{key: k, name: n, response: true})
			if n == "content-type" {
				h.mimeType = k
			}
		}
	}
	h.out = append(h.out, `{"log":{"version":"1.2","creator":{"name":"wirespan","version":`...)
	h.out = append(appendString(h.out, version), `},"pages":[],"entries":[`...)
	return h
}

// WriteSpans writes an entry for each HTTP span.
func (h *HAR) WriteSpans(_ context.Context, spans []span.Span) error {
	for i := range spans {
		s := &spans[i]
		method, ok := s.Attrs.Find(span.KeyHTTPRequestMethod)
		if synthetic, made := s.Attrs.Find(span.KeySynthetic); !ok || made && synthetic.Num != 0 {
			continue
		}
		if h.any {
			h.out = append(h.out, ',')
		}
		h.any = true
		h.entry(s, method.Str)
		if len(h.out) >= flushAt {
			if err := write(h.w, &h.out, "har"); err != nil {
				return err
			}
		}
	}
	return write(h.w, &h.out, "har")
}

// Close ends the archive.
func (h *HAR) Close(context.Context) error {
	if !h.closed {
		h.closed = true
		h.out = append(h.out, "\n]}}\n"...)
	}
	return write(h.w, &h.out, "har")
}

// phasesOf are the timings of an entry in nanoseconds; connect includes tls,
// -1 if the connection was open already.
type phasesOf struct{ connect, tls, send, wait, receive int64 }

func readPhases(s *span.Span) (p phasesOf) {
	p = phasesOf{connect: -1, tls: -1}
	if at, ok := s.Attrs.Find(span.KeyPhaseTLS); ok {
		p.tls, p.connect = at.Num, at.Num
	}
	if at, ok := s.Attrs.Find(span.KeyPhaseConnect); ok {
		p.connect = at.Num + max(p.tls, 0)
	}
	p.send, p.wait, p.receive = number(s, span.KeyPhaseSend, 0), number(s, span.KeyPhaseWait, -1), number(s, span.KeyPhaseReceive, 0)
	if p.wait < 0 {
		p.wait = max(0, s.End-s.Start-p.send-p.receive)
	}
	return p
}

func number(s *span.Span, k span.Key, absent int64) int64 {
	if at, ok := s.Attrs.Find(k); ok && at.Type == span.TypeInt {
		return at.Num
	}
	return absent
}

func text(s *span.Span, k span.Key) []byte {
	if at, ok := s.Attrs.Find(k); ok && at.Type == span.TypeString {
		return at.Str
	}
	return nil
}

func (h *HAR) entry(s *span.Span, method []byte) {
	p := readPhases(s)
	o := append(h.out, "\n{\"startedDateTime\":\""...)
	o = time.Unix(0, s.Start-max(p.connect, 0)).UTC().AppendFormat(o, "2006-01-02T15:04:05.000Z") // what ECMA-262 promises to read
	o = appendMillis(append(o, `","time":`...), max(p.connect, 0)+p.send+p.wait+p.receive)
	h.out = o
	h.request(s, method)
	h.response(s)
	o = append(h.out, `,"cache":{},"timings":{"blocked":-1,"dns":-1,"connect":`...)
	o = appendPhase(o, p.connect)
	o = appendPhase(append(o, `,"ssl":`...), p.tls)
	o = appendPhase(append(o, `,"send":`...), p.send)
	o = appendPhase(append(o, `,"wait":`...), p.wait)
	o = append(appendPhase(append(o, `,"receive":`...), p.receive), '}')
	h.out = o
	h.place(s)
	h.out = append(h.out, '}')
}

func appendPhase(dst []byte, ns int64) []byte {
	if ns < 0 {
		return append(dst, "-1"...)
	}
	return appendMillis(dst, ns)
}

// place adds addresses, and the ids by which other outputs name the span;
// fields of our own begin with an underscore, as the format wants.
func (h *HAR) place(s *span.Span) {
	server, port := span.KeyNetworkPeerAddress, span.KeyNetworkLocalPort
	if s.Kind == span.Server || s.Kind == span.Internal {
		server, port = span.KeyNetworkLocalAddress, span.KeyNetworkPeerPort
	}
	o := h.out
	if at, ok := s.Attrs.Find(server); ok {
		h.scratch = at.AppendText(h.scratch[:0])
		o = appendString(append(o, `,"serverIPAddress":`...), h.scratch)
	}
	if at, ok := s.Attrs.Find(port); ok {
		o = append(at.AppendText(append(o, `,"connection":"`...)), '"')
	}
	if point := text(s, span.KeyCapturePoint); len(point) > 0 {
		o = appendString(append(o, `,"comment":`...), point)
	}
	o = hex.AppendEncode(append(o, `,"_traceId":"`...), s.Trace[:])
	o = append(hex.AppendEncode(append(o, `","_spanId":"`...), s.ID[:]), '"')
	o = appendString(append(o, `,"_service":`...), s.Service)
	if e := text(s, span.KeyErrorType); len(e) > 0 {
		o = appendString(append(o, `,"_error":`...), e)
	}
	h.out = o
}

func (h *HAR) request(s *span.Span, method []byte) {
	if m := text(s, span.KeyHTTPRequestMethodOriginal); len(m) > 0 {
		method = m
	}
	o := appendString(append(h.out, `,"request":{"method":`...), method)
	h.scratch = appendURL(h.scratch[:0], s)
	o = appendString(append(o, `,"url":`...), h.scratch)
	o = appendVersion(append(o, `,"httpVersion":`...), s)
	h.out = append(o, `,"cookies":[],"headers":[`...)
	h.headerList(s, false)
	h.out = append(h.out, `],"queryString":[`...)
	h.query(s)
	o = append(h.out, `],"headersSize":-1,"bodySize":`...)
	size := number(s, span.KeyHTTPRequestBodySize, -1)
	o = strconv.AppendInt(o, size, 10)
	if body := text(s, span.KeyHTTPRequestBody); len(body) > 0 {
		o = h.appendMimeType(append(o, `,"postData":{"mimeType":`...), s, h.sent)
		o = append(appendString(append(o, `,"text":`...), body), '}')
	}
	h.out = append(o, '}')
}

func (h *HAR) response(s *span.Span) {
	status := number(s, span.KeyHTTPResponseStatusCode, 0)
	o := strconv.AppendInt(append(h.out, `,"response":{"status":`...), status, 10)
	o = appendString(append(o, `,"statusText":`...), http.StatusText(int(status)))
	o = appendVersion(append(o, `,"httpVersion":`...), s)
	h.out = append(o, `,"cookies":[],"headers":[`...)
	h.headerList(s, true)
	size := number(s, span.KeyHTTPResponseBodySize, -1)
	o = strconv.AppendInt(append(h.out, `],"content":{"size":`...), max(size, 0), 10)
	o = h.appendMimeType(append(o, `,"mimeType":`...), s, h.mimeType)
	if body := text(s, span.KeyHTTPResponseBody); len(body) > 0 {
		o = appendString(append(o, `,"text":`...), body)
	}
	o = append(o, `},"redirectURL":"","headersSize":-1,"bodySize":`...)
	h.out = append(strconv.AppendInt(o, size, 10), '}')
}

// appendMimeType adds a media type; where none is known, what browsers write.
func (h *HAR) appendMimeType(dst []byte, s *span.Span, key span.Key) []byte {
	h.scratch = append(h.scratch[:0], "x-unknown"...)
	if at, ok := s.Attrs.Find(key); ok {
		for v := range at.Strings {
			h.scratch = append(h.scratch[:0], v...)
			break
		}
		if at.Type == span.TypeString {
			h.scratch = append(h.scratch[:0], at.Str...)
		}
	}
	return appendString(dst, h.scratch)
}

func (h *HAR) headerList(s *span.Span, response bool) {
	sep := false
	add := func(name string, value []byte) {
		if sep {
			h.out = append(h.out, ',')
		}
		sep = true
		h.out = appendString(append(h.out, `{"name":`...), name)
		h.out = append(appendString(append(h.out, `,"value":`...), value), '}')
	}
	if !response {
		h.scratch = appendHost(h.scratch[:0], s)
		add("Host", h.scratch)
	}
	for _, k := range h.headers {
		at, ok := s.Attrs.Find(k.key)
		if !ok || k.response != response {
			continue
		}
		if at.Type != span.TypeStrings {
			add(k.name, at.Str)
			continue
		}
		for v := range at.Strings {
			name := k.name
			if k.pairs {
				n, value, found := bytes.Cut(v, []byte("="))
				if !found {
					continue
				}
				name, v = string(n), value
			}
			add(name, v)
		}
	}
}

func (h *HAR) query(s *span.Span) {
	rest := text(s, span.KeyURLQuery)
	for sep := false; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		if len(pair) == 0 {
			continue
		}
		if sep {
			h.out = append(h.out, ',')
		}
		sep = true
		name, value, _ := bytes.Cut(pair, []byte("="))
		h.out = appendString(append(h.out, `{"name":`...), name)
		h.out = append(appendString(append(h.out, `,"value":`...), value), '}')
	}
}
