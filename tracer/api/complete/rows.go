package complete

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/facts"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// tracing is DATA of a completion.
type tracing struct {
	Tracing []row `json:"tracing"`
}

// row is a span. Names, types and units are DeepFlow's (its documentation of the Trace
// Completion API). trace_id, span_id and parent_span_id are those of the SDK's span: its
// own, or that of the same request, or what the wire names; empty where there is none.
// The tree is in deepflow_span_id and deepflow_parent_span_id.
type row struct {
	Start          int64    `json:"start_time_us"`
	End            int64    `json:"end_time_us"`
	Duration       int64    `json:"duration"`      // us
	Name           string   `json:"name"`          // of an SDK's span; of others request_resource, if there is one
	Source         int      `json:"signal_source"` // 0 packets, 3 eBPF, 4 OpenTelemetry
	TapSide        string   `json:"tap_side"`
	TraceID        string   `json:"trace_id"`
	SpanID         string   `json:"span_id"`
	ParentSpanID   string   `json:"parent_span_id"`
	ID             string   `json:"deepflow_span_id"`
	Parent         string   `json:"deepflow_parent_span_id"` // empty on roots
	IDs            []string `json:"_ids"`
	Related        []string `json:"related_ids"`
	FlowID         string   `json:"flow_id"` // digits; "0" for SDKs and processes
	ReqSeq         uint32   `json:"req_tcp_seq"`
	RespSeq        uint32   `json:"resp_tcp_seq"`
	Protocol       int      `json:"l7_protocol"`
	ProtocolName   string   `json:"l7_protocol_str"`
	RequestType    string   `json:"request_type"`
	Resource       string   `json:"request_resource"`
	RequestID      *int64   `json:"request_id"`
	Status         int      `json:"response_status"` // 0 normal, 2 timeout, 3 server error, 4 client error, 5 unknown
	Endpoint       string   `json:"endpoint"`
	ProcessID      *int64   `json:"process_id"`
	Service        string   `json:"app_service"`
	Instance       string   `json:"app_instance"`
	XRequestID     string   `json:"x_request_id"`
	XRequestID0    string   `json:"x_request_id_0"`
	XRequestID1    string   `json:"x_request_id_1"`
	SyscallRequest string   `json:"syscall_trace_id_request"` // digits; equal for what one thread did in turn, "0" for others
	SyscallReply   string   `json:"syscall_trace_id_response"`
	CapSeq0        int64    `json:"syscall_cap_seq_0"`
	CapSeq1        int64    `json:"syscall_cap_seq_1"`
	Agent          int64    `json:"vtap_id"`
	Attribute      *string  `json:"attribute"` // JSON of an object of texts; null where not asked for

	AgentName  string  `json:"wirespan_agent,omitempty"`
	Rule       string  `json:"wirespan_link_rule,omitempty"`
	Confidence float64 `json:"wirespan_link_confidence,omitempty"`
	Evidence   string  `json:"wirespan_link_evidence,omitempty"`
}

// view is how a trace is shown.
type view struct {
	names      map[span.SpanID]string
	traces     map[span.TraceID]string
	shown      map[store.Signal]bool // nil: all
	attributes bool

	parents []int               // of rows, among nodes, -1 on roots
	sdks    map[int]int         // exchange to the node of an SDK's span of it
	at      map[span.SpanID]int // nodes of SDKs' spans
	threads map[int]string      // node to the number of the thread's turn
}

// name is what the request called a span, or its id.
func (v *view) name(id span.SpanID) string {
	if n, ok := v.names[id]; ok {
		return n
	}
	return id.String()
}

// traceName is what the request called a trace, or its id.
func (v *view) traceName(id span.TraceID) string {
	if n, ok := v.traces[id]; ok {
		return n
	}
	return id.String()
}

func (v *view) shows(s *store.Span) bool { return v.shown == nil || v.shown[s.Signal] }

// look notes what rows need of others.
func (v *view) look(t *assemble.Trace) {
	v.parents = make([]int, len(t.Nodes))
	v.sdks, v.at, v.threads = make(map[int]int), make(map[span.SpanID]int), make(map[int]string)
	for i := range t.Nodes {
		n := &t.Nodes[i]
		p := n.Parent
		for p >= 0 && !v.shows(t.Nodes[p].Span) { // parents come before their children
			p = v.parents[p]
		}
		v.parents[i] = p
		if n.Span.Signal == store.APP {
			v.at[n.Span.ID] = i
			if _, ok := v.sdks[n.Exchange]; !ok && n.Exchange >= 0 {
				v.sdks[n.Exchange] = i // the client's comes first
			}
		}
		if n.Parent >= 0 && (n.Rule == "thread" || n.Rule == "goroutine") {
			turn := digits(xxhash.Sum64(t.Nodes[n.Parent].Span.ID[:]))
			v.threads[i], v.threads[n.Parent] = turn, turn
		}
	}
}

// digits writes a number that fits in a signed one, never 0.
func digits(n uint64) string { return strconv.FormatUint(n>>1|1, 10) }

// rowsOf lists the spans of a trace, parents before their children. Those that came
// with the request are among them, under their own ids.
func rowsOf(t *assemble.Trace, v *view) []row {
	v.look(t)
	list := make([]row, 0, len(t.Nodes))
	for i := range t.Nodes {
		if v.shows(t.Nodes[i].Span) {
			list = append(list, v.row(t, i))
		}
	}
	return list
}

func (v *view) row(t *assemble.Trace, i int) row {
	n := &t.Nodes[i]
	s := n.Span
	id := v.name(s.ID)
	r := row{
		Start: n.Start / 1000, End: n.End / 1000, Duration: (n.End - n.Start) / 1000, Name: s.Name, TapSide: tapSide(s),
		ID: id, IDs: []string{id}, Related: []string{}, FlowID: "0", SyscallRequest: "0", SyscallReply: "0",
		Endpoint: endpointOf(s), Service: s.Service, Instance: s.Instance, Agent: number(s.Agent), AgentName: s.Agent,
		RequestType: first(s, "http.request.method", "db.operation.name", "rpc.method", "messaging.operation.name", "dns.question.type"),
		Resource:    first(s, "url.path", "db.query.text", "messaging.destination.name", "rpc.method", "dns.question.name"),
		Status:      statusNumber(s), Rule: n.Rule, Confidence: n.Confidence, Evidence: n.Evidence,
	}
	if s.Signal != store.APP && r.Resource != "" {
		r.Name = r.Resource
	}
	r.Source = map[store.Signal]int{store.NET: 0, store.SYS: 3, store.APP: 4}[s.Signal]
	r.ProtocolName, r.Protocol = protocol(s)
	r.ReqSeq, r.RespSeq = seq(s, "wirespan.flow.seq.request"), seq(s, "wirespan.flow.seq.response")
	r.XRequestID0, r.XRequestID1 = requestID(s, "wirespan.request_id"), requestID(s, "wirespan.request_id.response")
	if r.XRequestID = r.XRequestID0; r.XRequestID == "" {
		r.XRequestID = r.XRequestID1
	}
	if flow := s.Text("wirespan.flow.community_id"); flow != "" {
		r.FlowID = digits(xxhash.Sum64String(flow))
	}
	if turn, ok := v.threads[i]; ok && s.Signal == store.SYS {
		r.SyscallRequest = turn
	}
	if pid, ok := processOf(s); ok {
		r.ProcessID = &pid
	}
	if id, ok := s.Int("dns.id"); ok {
		r.RequestID = &id
	}
	v.original(&r, t, i)
	if p := v.parents[i]; p >= 0 {
		r.Parent = v.name(t.Nodes[p].Span.ID)
		r.Related = append(r.Related, r.Parent)
	}
	if v.attributes {
		text := attributes(s)
		r.Attribute = &text
	}
	return r
}

// original fills the ids of the SDK's span: of the span itself, else of that whose id
// the request carried on the wire, else of that which tells of the same exchange.
func (v *view) original(r *row, t *assemble.Trace, i int) {
	n := &t.Nodes[i]
	sdk, known := i, n.Span.Signal == store.APP
	if !known {
		if trace, caller, ok := contextOf(n.Span); ok {
			r.TraceID = v.traceName(trace)
			if !caller.IsZero() {
				r.SpanID = v.name(caller)
			}
			sdk, known = v.at[caller]
		} else if n.Exchange >= 0 {
			sdk, known = v.sdks[n.Exchange]
		}
	}
	if !known {
		return
	}
	s := t.Nodes[sdk].Span
	r.TraceID, r.SpanID = v.traceName(s.Trace), v.name(s.ID)
	if !s.Parent.IsZero() {
		r.ParentSpanID = v.name(s.Parent)
	}
}

// contextOf is the trace context that a request carried.
func contextOf(s *store.Span) (trace span.TraceID, caller span.SpanID, ok bool) {
	v, has := s.Attr(store.AttrFacts)
	if !has {
		return trace, caller, false
	}
	f, err := facts.Parse([]byte(v.Str))
	if err != nil || !f.HasContext {
		return trace, caller, false
	}
	return f.Trace, f.Parent, true
}

// number is a positive number of 31 bits for a name; 0 for none.
func number(name string) int64 {
	if name == "" {
		return 0
	}
	return int64(xxhash.Sum64String(name)%(math.MaxInt32-1)) + 1
}

// processOf is the process that a span of system calls or of an SDK is of.
func processOf(s *store.Span) (int64, bool) {
	if pid, ok := s.Int("process.pid"); ok {
		return pid, true
	}
	for i := range s.Resource {
		if s.Resource[i].Key == "process.pid" && s.Resource[i].Value.Type == store.Int {
			return s.Resource[i].Value.Num, true
		}
	}
	return 0, false
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
	if e := s.Text("error.type"); e == "timeout" {
		return 2
	}
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

// attributes are those of the span: the text of a JSON object of texts.
func attributes(s *store.Span) string {
	m := make(map[string]string, len(s.Attrs))
	for i := range s.Attrs {
		if a := &s.Attrs[i]; a.Key != store.AttrFacts {
			m[a.Key] = textOf(&a.Value)
		}
	}
	b, err := json.Marshal(m)
	if err != nil { // texts always can be
		return "{}"
	}
	return string(b)
}

func textOf(v *store.Value) (text string) {
	switch v.Type {
	case store.String:
		return v.Str
	case store.Int:
		return strconv.FormatInt(v.Num, 10)
	case store.Bool:
		return strconv.FormatBool(v.Num != 0)
	case store.Double:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	for t := range v.Texts {
		if text != "" {
			text += ","
		}
		text += t
	}
	return text
}
