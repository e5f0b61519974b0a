package skywalking

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/store"
)

// tagNames are the tags that have a name in the conventions and the same meaning.
var tagNames = map[string]string{
	"http.method":    "http.request.method",
	"db.instance":    "db.namespace",
	"db.statement":   "db.query.text",
	"cache.instance": "db.namespace",
	"cache.cmd":      "db.operation.name",
	"mq.topic":       "messaging.destination.name",
	"mq.queue":       "messaging.destination.name",
}

// addTags adds the tags.
func (o *object) addTags(a *batch.Attrs) {
	for _, t := range o.tags {
		switch t.key {
		case "url", "http.url":
			o.addURL(a, t.value)
		case "status_code", "http.status_code", "http.status.code":
			o.addStatus(a, t)
		case "db.type", "cache.type":
			a.Text("db.system.name", SystemName(t.value))
		case "mq.broker":
			addServer(a, t.value)
		default:
			if name, ok := tagNames[t.key]; ok {
				if !a.Has(name) {
					a.Text(name, t.value)
				}
				continue
			}
			a.Add(t.key, store.StringValue(t.value))
		}
	}
}

// addURL adds what an Exit calls as url.full, and the parts of what an Entry was asked.
func (o *object) addURL(a *batch.Attrs, v string) {
	if o.kind != typeEntry {
		a.Text("url.full", v)
		return
	}
	u, err := url.Parse(v)
	if err != nil {
		a.Text("url.full", v)
		return
	}
	a.Text("url.scheme", u.Scheme)
	a.Text("url.path", u.Path)
	a.Text("url.query", u.RawQuery)
	if u.Host != "" {
		addServer(a, u.Host)
	}
}

// addStatus adds a status code, which gRPC writes as a word.
func (o *object) addStatus(a *batch.Attrs, t pair) {
	n, err := strconv.ParseInt(t.value, 10, 32)
	switch {
	case err == nil && n >= 100 && n < 1000:
		a.Int("http.response.status_code", n)
	case o.layer == layerRPC:
		a.Text("rpc.status_code", t.value)
	default:
		a.Text(t.key, t.value)
	}
}

// addMeaning adds what layer, component and peer say.
func (o *object) addMeaning(a *batch.Attrs) {
	switch system := o.system(); o.layer {
	case layerDatabase, layerCache:
		if !a.Has("db.system.name") {
			a.Text("db.system.name", system)
		}
	case layerHTTP:
		a.Text("network.protocol.name", "http")
	case layerRPC:
		a.Text("rpc.system.name", system)
		if system == "grpc" {
			a.Text("rpc.method", grpcMethod(o.operation))
		}
	case layerMQ:
		a.Text("messaging.system", system)
		if o.kind == typeExit {
			a.Text("messaging.operation.type", "send")
		} else if o.kind == typeEntry {
			a.Text("messaging.operation.type", "process")
		}
	}
	if o.peer == "" {
		return
	}
	if o.kind == typeEntry {
		addPeer(a, o.peer, "client.address", "client.port")
	} else {
		addServer(a, o.peer)
	}
	a.Text("sw8.peer", o.peer)
}

// grpcMethod is package.Service/Method of what agents write as package.Service.method
// or /package.Service/Method.
func grpcMethod(operation string) string {
	operation = strings.TrimPrefix(operation, "/")
	if i := strings.LastIndexByte(operation, '.'); i > 0 && !strings.Contains(operation, "/") {
		return operation[:i] + "/" + operation[i+1:]
	}
	return operation
}

// addServer adds the address of a server, unless one is there.
func addServer(a *batch.Attrs, v string) { addPeer(a, v, "server.address", "server.port") }

// addPeer adds host and port, of several the first.
func addPeer(a *batch.Attrs, v, address, port string) {
	v, _, _ = strings.Cut(v, ",")
	v, _, _ = strings.Cut(v, ";")
	if _, rest, ok := strings.Cut(v, "://"); ok {
		v = rest
	}
	v, _, _ = strings.Cut(v, "/")
	if a.Has(address) || v == "" {
		return
	}
	host, number := v, ""
	if i := strings.LastIndexByte(v, ':'); i > 0 && (strings.IndexByte(v, ':') == i || v[i-1] == ']') {
		host, number = v[:i], v[i+1:]
	}
	host = strings.Trim(host, "[]")
	a.Text(address, host)
	n, err := strconv.ParseUint(number, 10, 16)
	if err == nil && n > 0 {
		a.Int(port, int64(n))
	}
	if ip, bad := netip.ParseAddr(host); bad == nil {
		a.Text("network.peer.address", ip.Unmap().String())
		if err == nil && n > 0 {
			a.Int("network.peer.port", int64(n))
		}
	}
}

// events are the logs; an error with its kind is an exception, as OpenTelemetry has it.
func (d *decoder) events(s *store.Span, span *batch.Attrs) []store.Event {
	list := d.b.Events()
	for _, l := range d.o.logs {
		e := store.Event{Time: ms(l.time), Name: "log"}
		data := d.o.data[l.from:l.to]
		for _, p := range data {
			if p.key == "event" && p.value != "" {
				e.Name = p.value
			}
		}
		failed := e.Name == "error"
		if failed {
			e.Name = "exception"
		}
		a := d.b.Attrs()
		for _, p := range data {
			key := p.key
			if failed {
				key = exceptionKey(key)
			}
			if key != "event" {
				a.Add(key, store.StringValue(p.value))
			}
		}
		e.Attrs = a.List()
		list.Add(e)
		if failed && d.o.failed {
			explain(s, span, e.Attrs)
		}
	}
	return list.List()
}

// explain makes the first exception of a failed span its reason.
func explain(s *store.Span, span *batch.Attrs, exception []store.Attr) {
	for _, at := range exception {
		switch {
		case at.Key == "exception.type" && !span.Has("error.type"):
			span.Text("error.type", at.Value.Str)
		case at.Key == "exception.message" && s.Message == "":
			s.Message = at.Value.Str
		}
	}
}

// exceptionKey is the name of the conventions for a field of an error's log.
func exceptionKey(key string) string {
	switch key {
	case "error.kind":
		return "exception.type"
	case "message":
		return "exception.message"
	case "stack":
		return "exception.stacktrace"
	}
	return key
}
