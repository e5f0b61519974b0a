package complete

import (
	"strconv"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// tracing is DATA of the answers.
type tracing struct {
	Tracing  []row     `json:"tracing"`
	Services []service `json:"services,omitempty"`
}

// service is what DeepFlow tells of a service in a trace.
type service struct {
	Service  string `json:"service_uname"`
	Duration int64  `json:"duration"` // us that it spent itself
	Ratio    string `json:"duration_ratio"`
	Spans    int    `json:"span_count"`
}

// row is a span. Names and units are DeepFlow's (reference: its documentation of the
// Trace Completion API); what it numbers in ways of its own, like flow_id, is a number
// of ours that is the same for the same thing.
type row struct {
	Start          int64             `json:"start_time_us"`
	End            int64             `json:"end_time_us"`
	Duration       int64             `json:"duration"` // us
	Name           string            `json:"name"`
	Source         int               `json:"signal_source"` // 0 packets, 3 eBPF, 4 OpenTelemetry
	TapSide        string            `json:"tap_side"`
	TraceID        string            `json:"trace_id"`
	SpanID         string            `json:"span_id"`
	ParentSpanID   string            `json:"parent_span_id"`
	ID             string            `json:"deepflow_span_id"`
	Parent         string            `json:"deepflow_parent_span_id"`
	IDs            []string          `json:"_ids"`
	Related        []string          `json:"related_ids"`
	FlowID         string            `json:"flow_id"`
	ReqSeq         uint32            `json:"req_tcp_seq"`
	RespSeq        uint32            `json:"resp_tcp_seq"`
	Protocol       int               `json:"l7_protocol"`
	ProtocolName   string            `json:"l7_protocol_str"`
	RequestType    string            `json:"request_type"`
	Resource       string            `json:"request_resource"`
	RequestID      *int64            `json:"request_id"`
	Status         int               `json:"response_status"` // 0 normal, 3 server error, 4 client error, 5 none was seen
	Endpoint       string            `json:"endpoint"`
	ProcessID      *int64            `json:"process_id"`
	Service        string            `json:"app_service"`
	Instance       string            `json:"app_instance"`
	XRequestID     string            `json:"x_request_id"`
	XRequestID0    string            `json:"x_request_id_0"`
	XRequestID1    string            `json:"x_request_id_1"`
	SyscallRequest string            `json:"syscall_trace_id_request"`
	SyscallReply   string            `json:"syscall_trace_id_response"`
	CapSeq0        int64             `json:"syscall_cap_seq_0"`
	CapSeq1        int64             `json:"syscall_cap_seq_1"`
	Agent          string            `json:"vtap_id"`
	Attribute      map[string]string `json:"attribute"`

	Rule       string  `json:"wirespan_link_rule,omitempty"`
	Confidence float64 `json:"wirespan_link_confidence,omitempty"`
	Evidence   string  `json:"wirespan_link_evidence,omitempty"`
}

// rowsOf lists the spans of a trace. The spans that came with the request are among
// them, under their own ids, since the tree hangs together by them.
func rowsOf(t *assemble.Trace) []row {
	list := make([]row, len(t.Nodes))
	for i := range t.Nodes {
		list[i] = rowOf(t, i)
	}
	return list
}

func rowOf(t *assemble.Trace, i int) row {
	n := &t.Nodes[i]
	s := n.Span
	r := row{
		Start: n.Start / 1000, End: n.End / 1000, Duration: (n.End - n.Start) / 1000, Name: s.Name, TapSide: tapSide(s),
		TraceID: s.Trace.String(), ID: s.ID.String(), IDs: []string{s.ID.String()}, Related: []string{},
		FlowID: s.Text("wirespan.flow.community_id"), Endpoint: endpointOf(s), Service: s.Service, Instance: s.Instance, Agent: s.Agent,
		RequestType: first(s, "http.request.method", "db.operation.name", "rpc.method", "messaging.operation.name", "dns.question.type"),
		Resource:    first(s, "url.path", "db.query.text", "messaging.destination.name", "rpc.method", "dns.question.name"),
		Status:      statusNumber(s), Attribute: attributes(s), Rule: n.Rule, Confidence: n.Confidence, Evidence: n.Evidence,
	}
	r.Source = map[store.Signal]int{store.NET: 0, store.SYS: 3, store.APP: 4}[s.Signal]
	r.ProtocolName, r.Protocol = protocol(s)
	r.ReqSeq, r.RespSeq = seq(s, "wirespan.flow.seq.request"), seq(s, "wirespan.flow.seq.response")
	r.XRequestID0, r.XRequestID1 = requestID(s, "wirespan.request_id"), requestID(s, "wirespan.request_id.response")
	if r.XRequestID = r.XRequestID0; r.XRequestID == "" {
		r.XRequestID = r.XRequestID1
	}
	if pid, ok := s.Int("process.pid"); ok {
		r.ProcessID = &pid
	}
	if id, ok := s.Int("dns.id"); ok {
		r.RequestID = &id
	}
	if s.Signal == store.APP {
		r.SpanID = s.ID.String()
		if !s.Parent.IsZero() {
			r.ParentSpanID = s.Parent.String()
		}
	}
	if n.Parent >= 0 {
		up := t.Nodes[n.Parent].Span.ID.String()
		r.Parent, r.Related = up, append(r.Related, up)
	}
	return r
}

// tapSides are DeepFlow's names of observations.
var tapSides = map[string]string{
	"c-app": "c-p", "s-app": "s-p", "c-nic": "c", "s-nic": "s", "c-node": "c-nd", "s-node": "s-nd", "gw-in": "s-gw", "gw-out": "c-gw", "net": "rest",
}

func tapSide(s *store.Span) string {
	if s.Signal != store.APP {
		if side := tapSides[s.Text("wirespan.observation")]; side != "" {
			return side
		}
		return "rest"
	}
	switch s.Kind {
	case span.Client, span.Producer:
		return "c-app"
	case span.Server, span.Consumer:
		return "s-app"
	}
	return "app"
}

// protocols are DeepFlow's numbers (its L7 protocol enumeration); 0 is unknown, 127
// custom.
var protocols = map[string]struct {
	name   string
	number int
}{
	"http": {"HTTP", 20}, "http2": {"HTTP2", 21}, "dubbo": {"Dubbo", 40}, "grpc": {"gRPC", 41}, "fastcgi": {"FastCGI", 44}, "thrift": {"Thrift", 49},
	"mysql": {"MySQL", 60}, "postgresql": {"PostgreSQL", 61}, "oracle": {"Oracle", 62}, "redis": {"Redis", 80}, "mongodb": {"MongoDB", 81}, "memcached": {"Memcached", 82},
	"kafka": {"Kafka", 100}, "mqtt": {"MQTT", 101}, "amqp": {"AMQP", 102}, "openwire": {"OpenWire", 103}, "nats": {"NATS", 104}, "rocketmq": {"RocketMQ", 107},
	"dns": {"DNS", 120}, "tls": {"TLS", 121},
}

func protocol(s *store.Span) (string, int) {
	name := first(s, "network.protocol.name", "db.system.name", "db.system", "messaging.system", "rpc.system.name", "rpc.system")
	if name == "" && first(s, "http.request.method", "http.method") != "" {
		name = "http"
	}
	if name == "http" && first(s, "network.protocol.version", "http.flavor") == "2" {
		name = "http2"
	}
	if p, ok := protocols[name]; ok {
		return p.name, p.number
	}
	if name == "" {
		return "N/A", 0
	}
	return name, 127
}

func first(s *store.Span, keys ...string) string {
	for _, k := range keys {
		if v := s.Text(k); v != "" {
			return v
		}
	}
	return ""
}

func endpointOf(s *store.Span) string {
	if e := first(s, "http.route", "url.template", "rpc.method", "db.query.summary"); e != "" {
		return e
	}
	return s.Name
}

func seq(s *store.Span, key string) uint32 {
	n, _ := s.Int(key)
	return uint32(n)
}

// requestID is the value of the first request ID, without the name of its header.
func requestID(s *store.Span, key string) (id string) {
	v, _ := s.Attr(key)
	for t := range v.Texts {
		for i := range t {
			if t[i] == '=' {
				return t[i+1:]
			}
		}
	}
	return ""
}

func statusNumber(s *store.Span) int {
	if r := s.Text("wirespan.response"); r == "none" {
		return 5
	}
	code, _ := s.Int("http.response.status_code")
	switch {
	case code >= 400 && code < 500:
		return 4
	case s.Status == span.Error:
		return 3
	}
	return 0
}

// attributes are those of the span as text.
func attributes(s *store.Span) map[string]string {
	m := make(map[string]string, len(s.Attrs))
	for i := range s.Attrs {
		a := &s.Attrs[i]
		if a.Key == store.AttrFacts {
			continue
		}
		switch a.Value.Type {
		case store.String:
			m[a.Key] = a.Value.Str
		case store.Int:
			m[a.Key] = strconv.FormatInt(a.Value.Num, 10)
		case store.Bool:
			m[a.Key] = strconv.FormatBool(a.Value.Num != 0)
		case store.Double:
			m[a.Key] = strconv.FormatFloat(a.Value.Float(), 'g', -1, 64)
		default:
			for t := range a.Value.Texts {
				if m[a.Key] != "" {
					m[a.Key] += ","
				}
				m[a.Key] += t
			}
		}
	}
	return m
}

// servicesOf are those of the trace with their share of its time.
func servicesOf(t *assemble.Trace) []service {
	var all int64
	for _, s := range t.Services {
		all += s.Self
	}
	list := make([]service, len(t.Services))
	for i, s := range t.Services {
		share := 0.0
		if all > 0 {
			share = 100 * float64(s.Self) / float64(all)
		}
		list[i] = service{Service: s.Service, Duration: s.Self / 1000, Ratio: strconv.FormatFloat(share, 'f', 2, 64) + "%", Spans: s.Spans}
	}
	return list
}
