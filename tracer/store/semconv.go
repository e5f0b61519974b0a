package store

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/wirespan/wirespan/tracer/span"
)

// older are the names that attributes of the current conventions (1.44) had before,
// the latest first; meanings are the same. Where the conventions of HTTP before 1.21
// said net.peer for the server of a client and net.host for that of a server, the kind
// of the span decides (Conventional).
var older = map[string][]string{
	"http.request.method":        {"http.method"},
	"http.response.status_code":  {"http.status_code"},
	"http.request.body.size":     {"http.request_content_length"},
	"http.response.body.size":    {"http.response_content_length"},
	"url.full":                   {"http.url"},
	"url.scheme":                 {"http.scheme"},
	"user_agent.original":        {"http.user_agent"},
	"client.address":             {"http.client_ip"},
	"network.protocol.name":      {"net.protocol.name", "net.app.protocol.name"},
	"network.protocol.version":   {"net.protocol.version", "net.app.protocol.version", "http.flavor"},
	"network.transport":          {"net.transport"},
	"network.type":               {"net.sock.family"},
	"network.peer.address":       {"net.sock.peer.addr", "net.peer.ip"},
	"network.peer.port":          {"net.sock.peer.port"},
	"network.local.address":      {"net.sock.host.addr", "net.host.ip"},
	"network.local.port":         {"net.sock.host.port"},
	"db.system.name":             {"db.system"},
	"db.namespace":               {"db.name", "db.cassandra.keyspace"},
	"db.operation.name":          {"db.operation"},
	"db.query.text":              {"db.statement"},
	"db.collection.name":         {"db.sql.table", "db.mongodb.collection", "db.cassandra.table"},
	"rpc.system.name":            {"rpc.system"},
	"rpc.status_code":            {"rpc.grpc.status_code"},
	"messaging.destination.name": {"messaging.destination"},
	"messaging.operation.type":   {"messaging.operation"},
	"messaging.operation.name":   {"messaging.operation"},
	"messaging.message.id":       {"messaging.message_id"},
	"code.function.name":         {"code.function"},
}

// Conventional finds an attribute by its current name, or by a name that it had in
// older conventions, which SDKs of some years send.
func (s *Span) Conventional(key string) (Value, bool) {
	if v, ok := find(s.Attrs, key); ok {
		return v, true
	}
	for _, name := range older[key] {
		if v, ok := find(s.Attrs, name); ok {
			return v, true
		}
	}
	var name string
	switch server := s.Kind == span.Server || s.Kind == span.Consumer; {
	case key == "server.address" && server:
		name = "net.host.name"
	case key == "server.port" && server:
		name = "net.host.port"
	case key == "server.address":
		name = "net.peer.name"
	case key == "server.port", key == "network.peer.port":
		name = "net.peer.port"
	case key == "client.port" && server:
		name = "net.peer.port"
	default:
		return Value{}, false
	}
	return find(s.Attrs, name)
}

// Call is what a span tells of the exchange that it is about, whatever version of the
// conventions it follows; what it does not tell is empty.
type Call struct {
	Protocol string // http, grpc, mysql, kafka, ...
	Method   string // HTTP method; name of the operation of a database or queue; method of RPC, as package.Service/Method
	Target   string // path without query; name of the queue or collection
	Query    string // of the URL; text of a statement
	Host     string // that was asked for, without port
	Status   string // HTTP status, RPC status by name or number, code of a database

	Server, Peer, Client Endpoint // Peer is the address of the other side as the kernel has it
}

// Endpoint is a name or address with its port, 0 if not known.
type Endpoint struct {
	Address string
	Port    int64
}

// IP is the address if it is one, unmapped; else the zero Addr.
func (e Endpoint) IP() netip.Addr {
	ip, err := netip.ParseAddr(e.Address)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap()
}

// CallOf reads a span.
func CallOf(s *Span) (c Call) {
	c.Server = s.endpoint("server.address", "server.port")
	c.Peer = s.endpoint("network.peer.address", "network.peer.port")
	c.Client = s.endpoint("client.address", "client.port")
	c.Protocol = strings.ToLower(s.text("network.protocol.name"))
	switch {
	case s.has("rpc.system.name") || s.has("rpc.method"):
		s.rpc(&c)
	case s.has("db.system.name"):
		s.database(&c)
	case s.has("messaging.system"):
		c.Protocol = s.text("messaging.system")
		c.Method, c.Target = s.text("messaging.operation.name"), s.text("messaging.destination.name")
	case s.has("http.request.method") || s.has("url.full") || s.has("http.response.status_code"):
		s.http(&c)
	}
	if c.Host == "" {
		c.Host = c.Server.Address
	}
	return c
}

func (s *Span) has(key string) bool { _, ok := s.Conventional(key); return ok }

// text is an attribute as text, numbers too.
func (s *Span) text(key string) string {
	v, _ := s.Conventional(key)
	switch v.Type {
	case String:
		return v.Str
	case Int:
		return strconv.FormatInt(v.Num, 10)
	}
	return ""
}

// number is an attribute as a number; some SDKs send text.
func (s *Span) number(key string) int64 {
	v, _ := s.Conventional(key)
	switch v.Type {
	case Int:
		return v.Num
	case Double:
		return int64(v.Float())
	case String:
		if n, err := strconv.ParseInt(v.Str, 10, 64); err == nil {
			return n
		}
	}
	return 0
}

func (s *Span) endpoint(address, port string) Endpoint {
	return Endpoint{s.text(address), s.number(port)}
}

// http reads the parts of the URL where they stand alone, else out of the whole.
func (s *Span) http(c *Call) {
	if c.Protocol == "" || c.Protocol == "https" {
		c.Protocol = "http"
	}
	c.Method, c.Status = s.text("http.request.method"), s.text("http.response.status_code")
	c.Target, c.Query = s.text("url.path"), s.text("url.query")
	if c.Target == "" {
		if target := s.Text("http.target"); target != "" {
			c.Target, c.Query, _ = strings.Cut(target, "?")
		} else {
			c.Target = s.Text("http.path") // Zipkin's
		}
	}
	if u, err := url.Parse(s.text("url.full")); err == nil && u.Host != "" {
		c.Host = u.Hostname()
		if c.Target == "" {
			c.Target, c.Query = u.EscapedPath(), u.RawQuery
		}
		if c.Server.Address == "" {
			n, _ := strconv.ParseInt(u.Port(), 10, 64)
			c.Server = Endpoint{c.Host, n}
		}
	}
	if host := s.Text("http.host"); c.Host == "" && host != "" {
		c.Host, _, _ = strings.Cut(host, ":")
	}
	if c.Target == "" && s.has("url.full") {
		c.Target = "/"
	}
}

// rpc puts service and method together, which older conventions keep apart.
func (s *Span) rpc(c *Call) {
	if system := s.text("rpc.system.name"); system != "" {
		c.Protocol = strings.TrimPrefix(system, "apache_") // dubbo was apache_dubbo
	}
	c.Method, c.Status = s.Text("rpc.method"), s.text("rpc.status_code")
	if service := s.Text("rpc.service"); service != "" && !strings.Contains(c.Method, "/") {
		c.Method = service + "/" + c.Method
	}
}

func (s *Span) database(c *Call) {
	c.Protocol = s.text("db.system.name")
	if name, ok := renamedSystems[c.Protocol]; ok {
		c.Protocol = name
	}
	c.Method, c.Target, c.Query = s.text("db.operation.name"), s.text("db.collection.name"), s.text("db.query.text")
	c.Status = s.text("db.response.status_code")
}

// renamedSystems are values of db.system that db.system.name has under another name.
var renamedSystems = map[string]string{"mssql": "microsoft.sql_server", "oracle": "oracle.db", "h2": "h2database", "dynamodb": "aws.dynamodb", "cosmosdb": "azure.cosmosdb", "spanner": "gcp.spanner", "db2": "ibm.db2"}
