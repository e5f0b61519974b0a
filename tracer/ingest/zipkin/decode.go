package zipkin

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strings"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/jsontext"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Shared is the attribute of a span that shared its id with its parent.
const Shared = "zipkin.shared"

// endpoint is one side of a span.
type endpoint struct {
	service    string
	ipv4, ipv6 string
	port       int64
}

// decoder fills a batch.
type decoder struct {
	b      *batch.Batch
	shared []shared // of this request
	ids    idText
}

// idText is what ids were read from.
type idText struct{ trace, id, parent string }

// shared is a span that got an id of its own.
type shared struct {
	trace   span.TraceID
	old, id span.SpanID
	service string
}

// Decode adds a list of spans to b. Texts of the spans are parts of the text.
func Decode(b *batch.Batch, text string) error {
	d := decoder{b: b}
	from := len(b.Spans)
	r := jsontext.New(text)
	r.Array(func() { d.span(r) })
	if err := r.End(); err != nil {
		return err
	}
	d.adopt(b.Spans[from:])
	return nil
}

func (d *decoder) span(r *jsontext.Reader) {
	s := d.b.Begin()
	if s == nil {
		return
	}
	var local, remote endpoint
	var duration int64
	isShared, debug := false, false
	d.ids = idText{}
	a, events := d.b.Attrs(), d.b.Events()
	r.Object(func(key string) {
		switch key {
		case "traceId":
			d.ids.trace = r.String()
		case "id":
			d.ids.id = r.String()
		case "parentId":
			d.ids.parent = r.String()
		case "name":
			s.Name = r.String()
		case "kind":
			s.Kind = kind(r.String())
		case "timestamp":
			s.Start = micros(r)
		case "duration":
			duration = micros(r)
		case "shared":
			isShared = r.Bool()
		case "debug":
			debug = r.Bool()
		case "localEndpoint":
			local = readEndpoint(r)
		case "remoteEndpoint":
			remote = readEndpoint(r)
		case "annotations":
			r.Array(func() { events.Add(annotation(r)) })
		case "tags":
			r.Object(func(key string) { tag(s, &a, key, r.String()) })
		}
	})
	if s.Start > 0 && s.Start <= math.MaxInt64-duration {
		s.End = s.Start + duration
	}
	if s.Kind == 0 {
		s.Kind = span.Internal
	}
	if debug {
		a.Add("zipkin.debug", store.BoolValue(true))
	}
	s.Service = local.service
	if s.Service == "" {
		s.Service = batch.Unknown
	}
	local.addLocal(&a)
	remote.addRemote(&a, s.Kind)
	okTrace, okSpan, okParent := d.ids.read(s)
	if isShared && okTrace && okSpan && s.Kind == span.Server {
		d.share(s)
		a.Add(Shared, store.BoolValue(true))
	}
	s.Attrs, s.Events = a.List(), events.List()
	d.b.KeepIf(okTrace, okSpan, okParent)
}

// read reads the ids and reports which are none.
func (t *idText) read(s *store.Span) (trace, id, parent bool) {
	trace = len(t.trace) <= 2*len(s.Trace) && readHex(s.Trace[:], t.trace)
	id = len(t.id) <= 2*len(s.ID) && readHex(s.ID[:], t.id)
	parent = len(t.parent) <= 2*len(s.Parent) && readHex(s.Parent[:], t.parent)
	return trace, id, parent
}

// readHex reads hex digits, padded on the left.
func readHex(to []byte, s string) bool {
	var digits [32]byte
	n := 2 * len(to)
	for i := range n {
		digits[i] = '0'
	}
	copy(digits[n-len(s):n], s)
	_, err := hex.Decode(to, digits[:n])
	return err == nil
}

// micros takes microseconds as nanoseconds, 0 if no clock shows them. Zipkin's own
// clients have sent fractions.
func micros(r *jsontext.Reader) int64 {
	f := r.Float()
	if f > 0 && f < math.MaxInt64/1000 {
		return int64(f) * 1000 // whole microseconds are exact up to the year 2255
	}
	return 0
}

// kind is the span kind of Zipkin's name, 0 for none.
func kind(name string) span.Kind {
	for k := span.Server; k <= span.Consumer; k++ {
		if k.String() == name {
			return k
		}
	}
	return 0
}

func annotation(r *jsontext.Reader) (e store.Event) {
	r.Object(func(key string) {
		switch key {
		case "timestamp":
			e.Time = micros(r)
		case "value":
			e.Name = r.String()
		}
	})
	return e
}

func readEndpoint(r *jsontext.Reader) (e endpoint) {
	r.Object(func(key string) {
		switch key {
		case "serviceName":
			e.service = r.String()
		case "ipv4":
			e.ipv4 = r.String()
		case "ipv6":
			e.ipv6 = r.String()
		case "port":
			e.port = r.Int()
		}
	})
	return e
}

// address is the IP address of an endpoint, empty if it has none.
func (e *endpoint) address() string {
	for _, s := range [...]string{e.ipv4, e.ipv6} {
		if ip, err := netip.ParseAddr(s); err == nil {
			return ip.Unmap().String()
		}
	}
	return ""
}

// add adds address and port, unless tags had them.
func (e *endpoint) add(a *batch.Attrs, address, port string) {
	if v := e.address(); v != "" && !a.Has(address) {
		a.Text(address, v)
	}
	if e.port > 0 && e.port < 1<<16 && !a.Has(port) {
		a.Int(port, e.port)
	}
}

func (e *endpoint) addLocal(a *batch.Attrs) { e.add(a, "network.local.address", "network.local.port") }

// addRemote adds the peer; the name of the one that is called is peer.service.
func (e *endpoint) addRemote(a *batch.Attrs, k span.Kind) {
	e.add(a, "network.peer.address", "network.peer.port")
	if e.service != "" && (k == span.Client || k == span.Producer || k == span.Consumer) && !a.Has("peer.service") {
		a.Text("peer.service", e.service)
	}
}

// tag adds a tag. Those by which OpenTelemetry's exporter to Zipkin tells status and
// scope are what they were.
func tag(s *store.Span, a *batch.Attrs, key, v string) {
	switch key {
	case "error":
		if s.Status != store.Ok {
			s.Status = span.Error
		}
		if v != "" && !strings.EqualFold(v, "true") {
			s.Message = v
		}
	case "otel.status_code":
		switch v {
		case "OK":
			s.Status = store.Ok
		case "ERROR":
			s.Status = span.Error
		}
	case "otel.scope.name", "otel.library.name":
		s.Scope = v
	case "w3c.tracestate":
		s.State = v
	default:
		a.Add(key, store.StringValue(v))
	}
}
