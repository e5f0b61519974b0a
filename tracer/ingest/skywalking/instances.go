package skywalking

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/ingest/fields"
	"github.com/wirespan/wirespan/tracer/ingest/jsontext"
	"github.com/wirespan/wirespan/tracer/store"
)

// Bounds of what is kept of one instance.
const (
	maxText      = 256 // bytes of a name or value
	maxAddresses = 16
)

// Instances keeps what agents say of their service instances: host name, addresses,
// process, language. Other properties (command lines, lists of libraries) are large or
// secret, and left. It may be used by several goroutines.
type Instances struct {
	mu    sync.RWMutex
	known map[name][]store.Attr // lists are never changed
	most  int
	full  atomic.Uint64
}

// name is whose properties they are.
type name struct{ service, instance string }

// NewInstances returns an empty table for at most most instances.
func NewInstances(most int) *Instances {
	return &Instances{known: make(map[name][]store.Attr), most: most}
}

// Full is the number of reports that found no room.
func (in *Instances) Full() uint64 { return in.full.Load() }

// properties are the resource attributes of an instance; not to be changed.
func (in *Instances) properties(service, instance string) []store.Attr {
	in.mu.RLock()
	defer in.mu.RUnlock()
	return in.known[name{service, instance}]
}

// Report takes InstanceProperties (management/Management.proto).
func (in *Instances) Report(message string) error {
	var n name
	var list properties
	r := fields.New(message)
	for r.Next() {
		switch r.Tag {
		case 1<<3 | fields.Bytes:
			n.service = r.Str
		case 2<<3 | fields.Bytes:
			n.instance = r.Str
		case 3<<3 | fields.Bytes:
			var p pair
			m := fields.New(r.Str)
			for m.Next() {
				switch m.Tag {
				case 1<<3 | fields.Bytes:
					p.key = m.Str
				case 2<<3 | fields.Bytes:
					p.value = m.Str
				}
			}
			if err := m.Err(); err != nil {
				return err
			}
			list.add(p)
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	in.keep(n, &list)
	return nil
}

// ReportJSON takes what /v3/management/reportProperties takes: properties are pairs of
// key and value, or objects of one member.
func (in *Instances) ReportJSON(text string) error {
	var n name
	var list properties
	r := jsontext.New(text)
	r.Object(func(key string) {
		switch key {
		case "service":
			n.service = r.String()
		case "serviceInstance":
			n.instance = r.String()
		case "properties":
			r.Array(func() { list.addJSON(r) })
		}
	})
	if err := r.End(); err != nil {
		return err
	}
	in.keep(n, &list)
	return nil
}

// keep makes the properties those of an instance. Texts are copied: they are parts of
// a request.
func (in *Instances) keep(n name, p *properties) {
	if n.service == "" || len(n.service) > maxText || len(n.instance) > maxText {
		return
	}
	attrs := p.attrs()
	in.mu.Lock()
	defer in.mu.Unlock()
	if _, ok := in.known[n]; !ok && len(in.known) >= in.most {
		in.full.Add(1)
		return
	}
	in.known[name{strings.Clone(n.service), strings.Clone(n.instance)}] = attrs
}

// properties collects what is kept of a report.
type properties struct {
	host, os, language, process string
	addresses                   []store.Value
}

func (p *properties) addJSON(r *jsontext.Reader) {
	var one, other pair
	r.Object(func(key string) {
		v := r.String()
		switch key {
		case "key":
			one.key = v
		case "value":
			one.value = v
		default:
			other = pair{key, v}
		}
	})
	p.add(one)
	p.add(other)
}

func (p *properties) add(v pair) {
	if v.value == "" || len(v.value) > maxText {
		return
	}
	text := strings.ToValidUTF8(strings.Clone(v.value), "\uFFFD")
	switch strings.ToLower(v.key) {
	case "hostname", "host name", "host":
		p.host = text
	case "os name", "osname":
		p.os = text
	case "language":
		p.language = text
	case "process no.", "process no", "processno":
		p.process = text
	case "ipv4", "ipv4s", "ip":
		for a := range strings.SplitSeq(text, ",") {
			if a = strings.TrimSpace(a); a != "" && len(p.addresses) < maxAddresses {
				p.addresses = append(p.addresses, store.StringValue(a))
			}
		}
	}
}

// attrs are the resource attributes by the conventions.
func (p *properties) attrs() (list []store.Attr) {
	text := func(key, v string) {
		if v != "" {
			list = append(list, store.Attr{Key: key, Value: store.StringValue(v)})
		}
	}
	text("host.name", p.host)
	if len(p.addresses) > 0 {
		list = append(list, store.Attr{Key: "host.ip", Value: store.Value{Type: store.Array, List: p.addresses}})
	}
	if n, err := strconv.ParseInt(p.process, 10, 64); err == nil {
		list = append(list, store.Attr{Key: "process.pid", Value: store.IntValue(n)})
	}
	text("os.name", p.os)
	text("telemetry.sdk.language", strings.ToLower(p.language))
	return list
}
