package query

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/span"
)

// View is a span in another form than span.Span. It is one pointer, so that
// nothing is allocated for it.
type View interface {
	// Head returns what every span has.
	Head() Head

	// Attr holds the values of an attribute of the span, or of its resource,
	// against a test: that of a list, or each of its elements until one passes.
	Attr(name string, t Test) (present, hit bool)

	// Protocol is the protocol of the exchange that the span is about, empty if it
	// is not known.
	Protocol() string

	// RequestIDs holds the request IDs of the span against a test, each with its
	// name ("x-request-id=7f3a") and without.
	RequestIDs(t Test) (present, hit bool)

	// Text holds every text of the span against a test until one passes.
	Text(t Test) bool
}

// Head is what every span has. Texts are borrowed.
type Head struct {
	Trace                                  span.TraceID
	ID, Parent                             span.SpanID
	Start, End                             int64 // ns since 1970
	Kind                                   span.Kind
	Status                                 span.Status
	Name, Service, Instance, Agent, Signal string
}

// Test is a comparison of an expression, for View.
type Test struct{ c *comparison }

// String compares text.
func (t Test) String(s string) bool { return t.c.text(s) }

// Int compares a whole number.
func (t Test) Int(n int64) bool {
	if t.c.op.textual() {
		return t.c.text(strconv.FormatInt(n, 10))
	}
	return t.c.number(n)
}

// Float compares a number.
func (t Test) Float(f float64) bool {
	if t.c.op.textual() {
		return t.c.text(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return f == f && t.c.float(f)
}

// Bool compares a truth.
func (t Test) Bool(b bool) bool {
	if t.c.op.textual() {
		return t.c.text(strconv.FormatBool(b))
	}
	return t.c.truth(b)
}

// textual reports operators that look at the text of whatever they are given.
func (o operator) textual() bool { return o == matches || o == notMatches || o == contains }

// MatchView reports whether a span satisfies the expression. It keeps nothing of
// the span, allocates nothing but the text of numbers that a regular expression
// asks for, and may be called by several goroutines at once.
func (e *Expr) MatchView(v View) bool {
	if e.root < 0 {
		return true
	}
	h := v.Head()
	return e.view(e.root, v, &h)
}

func (e *Expr) view(i int, v View, h *Head) bool {
	switch n := &e.nodes[i]; n.op {
	case opAnd:
		return e.view(n.a, v, h) && e.view(n.b, v, h)
	case opOr:
		return e.view(n.a, v, h) || e.view(n.b, v, h)
	case opNot:
		return !e.view(n.a, v, h)
	default:
		present, hit := n.comparison.view(v, h)
		switch n.comparison.op {
		case exists:
			return present
		case notEqual, notMatches:
			return present && !hit
		}
		return hit
	}
}

// view is Expr.compare for a View.
func (c *comparison) view(v View, h *Head) (present, hit bool) {
	switch c.field.kind {
	case attribute, unknown:
		return c.named(v, c.field.names)
	case protocol:
		return c.present(v.Protocol())
	case name:
		return c.present(h.Name)
	case service:
		return c.present(h.Service)
	case instance:
		return c.present(h.Instance)
	case agent:
		return c.present(h.Agent)
	case signal:
		return c.present(h.Signal)
	case kind:
		return c.kind(h.Kind)
	case status:
		return c.status(v, h)
	case duration:
		return true, Test{c}.Int(h.End - h.Start)
	case traceID:
		return c.id(h.Trace[:])
	case spanID:
		return c.id(h.ID[:])
	case parentID:
		return c.id(h.Parent[:])
	case client, server, address:
		return c.named(v, sideNames(c.field.kind, h.Kind))
	case isError:
		return true, Test{c}.Bool(h.Status == span.Error)
	case anyID:
		return v.RequestIDs(Test{c})
	case anyText:
		return true, c.op == exists || v.Text(Test{c})
	default:
		return true, Test{c}.Int(h.Start)
	}
}

func (c *comparison) present(s string) (present, hit bool) { return s != "", s != "" && c.text(s) }

// named compares the attributes of any of the names.
func (c *comparison) named(v View, names []string) (present, hit bool) {
	for _, n := range names {
		p, h := v.Attr(n, Test{c})
		if h {
			return true, true
		}
		present = present || p
	}
	return present, false
}

func (c *comparison) status(v View, h *Head) (present, hit bool) {
	for i := range c.values {
		if x := &c.values[i]; x.failed || x.unfailed {
			present = true
			hit = hit || x.failed == (h.Status == span.Error)
		}
	}
	if hit {
		return true, true
	}
	for _, n := range c.field.names {
		if there, hit := v.Attr(n, Test{c}); there {
			return true, hit
		}
	}
	return present, false
}

// Attributes that tell of one side, as a span of the client's side and as one of
// the server's side has them, with the names of older SDKs.
var (
	clientOfClient = []string{"client.address", "network.local.address", "client.socket.address"}
	clientOfServer = []string{"client.address", "network.peer.address", "net.sock.peer.addr", "http.client_ip"}
	serverOfClient = []string{"server.address", "network.peer.address", "peer.service", "net.peer.name", "net.sock.peer.addr", "net.peer.ip"}
	serverOfServer = []string{"server.address", "network.local.address", "peer.service", "net.host.name", "net.sock.host.addr"}
	bothSides      = []string{
		"client.address", "server.address", "network.local.address", "network.peer.address", "peer.service",
		"net.peer.name", "net.peer.ip", "net.sock.peer.addr", "net.host.name", "net.sock.host.addr", "client.socket.address", "http.client_ip",
	}
)

func sideNames(side fieldKind, k span.Kind) []string {
	atServer := k == span.Server || k == span.Internal
	switch {
	case side == address:
		return bothSides
	case side == client && atServer:
		return clientOfServer
	case side == client:
		return clientOfClient
	case atServer:
		return serverOfServer
	}
	return serverOfClient
}

func (c *comparison) id(id []byte) (present, hit bool) {
	var digits [32]byte
	text := hex.AppendEncode(digits[:0], id)
	for _, b := range id {
		present = present || b != 0
	}
	if !present {
		return false, false
	}
	if c.op == equal || c.op == notEqual || c.op == in {
		for i := range c.values {
			if hasPrefix(text, c.values[i].text) {
				return true, true
			}
		}
		return true, false
	}
	return true, c.op != exists && c.text(string(text))
}

// maxAddress is the length of the longest address, and more than that of numbers:
// longer text is not looked at as either.
const maxAddress = 39

// text is comparison.bytes for a string: it is what queries spend their time
// with, and a conversion would copy.
func (c *comparison) text(s string) bool {
	for i := range c.values {
		v := &c.values[i]
		var hit bool
		switch c.op {
		case matches, notMatches:
			hit = v.re.MatchString(s)
		case contains:
			hit = strings.Contains(s, v.text)
		case equal, notEqual, in:
			hit = s == v.text || v.isPrefix && len(s) <= maxAddress && v.holds([]byte(s))
		default:
			if n, ok := number([]byte(s[:min(len(s), maxAddress)])); ok && v.isNum {
				hit = ordered(c.op, n < v.number, n > v.number)
			} else if v.isNum == ok {
				hit = ordered(c.op, s < v.text, s > v.text)
			}
		}
		if hit {
			return true
		}
	}
	return false
}
