package store

import (
	"testing"

	"github.com/wirespan/wirespan/tracer/span"
)

func spanOf(kind span.Kind, attrs ...any) *Span {
	s := &Span{Kind: kind}
	for i := 0; i < len(attrs); i += 2 {
		v := Value{}
		switch a := attrs[i+1].(type) {
		case string:
			v = StringValue(a)
		case int:
			v = IntValue(int64(a))
		}
		s.Attrs = append(s.Attrs, Attr{attrs[i].(string), v})
	}
	return s
}

// TestCallOf has spans of one exchange as SDKs of different years tell it.
func TestCallOf(t *testing.T) {
	client := Call{Protocol: "http", Method: "GET", Target: "/orders/7", Query: "full=1", Host: "orders", Status: "500", Server: Endpoint{"orders", 8080}}
	seen := client
	seen.Peer = Endpoint{"10.0.0.2", 8080}
	server := Call{Protocol: "http", Method: "GET", Target: "/orders/7", Query: "full=1", Host: "orders", Status: "500", Server: Endpoint{"orders", 8080}, Client: Endpoint{"10.0.0.9", 0}}
	for _, c := range []struct {
		name string
		s    *Span
		want Call
	}{
		{"client, 1.23 and later", spanOf(span.Client, "http.request.method", "GET", "url.full", "http://orders:8080/orders/7?full=1", "http.response.status_code", 500,
			"server.address", "orders", "server.port", 8080, "network.peer.address", "10.0.0.2", "network.peer.port", 8080), seen},
		{"client, 1.20", spanOf(span.Client, "http.method", "GET", "http.url", "http://orders:8080/orders/7?full=1", "http.status_code", 500,
			"net.peer.name", "orders", "net.peer.port", 8080, "net.sock.peer.addr", "10.0.0.2", "net.sock.peer.port", 8080), seen},
		{"client, URL only", spanOf(span.Client, "http.method", "GET", "http.url", "http://orders:8080/orders/7?full=1", "http.status_code", "500"), client},
		{"server, 1.23 and later", spanOf(span.Server, "http.request.method", "GET", "url.path", "/orders/7", "url.query", "full=1", "http.response.status_code", 500,
			"server.address", "orders", "server.port", 8080, "client.address", "10.0.0.9"), server},
		{"server, 1.20", spanOf(span.Server, "http.method", "GET", "http.target", "/orders/7?full=1", "http.status_code", 500,
			"net.host.name", "orders", "net.host.port", 8080, "http.client_ip", "10.0.0.9"), server},
		{
			"database", spanOf(span.Client, "db.system", "mssql", "db.name", "shop", "db.statement", "SELECT 1", "db.operation", "SELECT", "db.sql.table", "orders", "net.peer.name", "db1", "net.peer.port", 1433),
			Call{Protocol: "microsoft.sql_server", Method: "SELECT", Target: "orders", Query: "SELECT 1", Host: "db1", Server: Endpoint{"db1", 1433}, Peer: Endpoint{"", 1433}},
		},
		{
			"gRPC, service apart", spanOf(span.Server, "rpc.system", "grpc", "rpc.service", "shop.Cart", "rpc.method", "Add", "rpc.grpc.status_code", 5),
			Call{Protocol: "grpc", Method: "shop.Cart/Add", Status: "5"},
		},
		{
			"gRPC", spanOf(span.Server, "rpc.system.name", "grpc", "rpc.method", "shop.Cart/Add", "rpc.status_code", "NOT_FOUND"),
			Call{Protocol: "grpc", Method: "shop.Cart/Add", Status: "NOT_FOUND"},
		},
		{
			"queue", spanOf(span.Producer, "messaging.system", "kafka", "messaging.destination", "orders", "messaging.operation", "publish"),
			Call{Protocol: "kafka", Method: "publish", Target: "orders"},
		},
		{"nothing", spanOf(span.Internal, "x", "y"), Call{}},
	} {
		got := CallOf(c.s)
		if got != c.want {
			t.Errorf("%s:\n%+v, want\n%+v", c.name, got, c.want)
		}
	}
	if ip := (Endpoint{Address: "::ffff:10.0.0.1"}).IP(); ip.String() != "10.0.0.1" {
		t.Errorf("address %v", ip)
	}
}

func TestConventional(t *testing.T) {
	s := spanOf(span.Server, "http.method", "PUT", "http.request.method", "GET", "net.host.port", 80, "net.peer.port", 4711)
	for key, want := range map[string]int64{"server.port": 80, "client.port": 4711, "network.peer.port": 4711} {
		if v, ok := s.Conventional(key); !ok || v.Num != want {
			t.Errorf("%s = %v %v", key, v, ok)
		}
	}
	if v, _ := s.Conventional("http.request.method"); v.Str != "GET" {
		t.Errorf("the current name does not come first: %v", v)
	}
	if _, ok := s.Conventional("url.path"); ok {
		t.Error("what there is not is found")
	}
}
