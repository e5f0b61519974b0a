package assemble

import (
	"strings"

	"github.com/wirespan/wirespan/tracer/store"
)

// agrees reports whether a span of an SDK and one of packets may tell of the same
// call: nothing that both say contradicts, and at least one thing is the same.
func agrees(app, net *store.Span) bool {
	same := false
	for _, t := range [...]struct{ app, net []string }{
		{system(app), system(net)},
		{first(app, "http.request.method", "http.method"), first(net, "http.request.method")},
		{first(app, "db.operation.name", "db.operation"), first(net, "db.operation.name")},
		{first(app, "messaging.destination.name", "messaging.destination"), first(net, "messaging.destination.name")},
		{first(app, "rpc.method"), first(net, "rpc.method")},
	} {
		if len(t.app) == 0 || len(t.net) == 0 {
			continue
		}
		if !strings.EqualFold(t.app[0], t.net[0]) && !endsWith(t.net[0], t.app[0]) {
			return false
		}
		same = true
	}
	at, known := sameServer(app, net)
	return at && (same || known)
}

// toServer reports whether they may, and an address or a port bears it out: for spans
// that nothing else connects.
func toServer(app, net *store.Span) bool {
	_, known := sameServer(app, net)
	return known && agrees(app, net)
}

// endsWith reports whether a full name has a short one as its last part.
func endsWith(full, short string) bool {
	return len(full) > len(short) && strings.HasSuffix(full, "/"+short)
}

func first(s *store.Span, keys ...string) []string {
	for _, k := range keys {
		if v := s.Text(k); v != "" {
			return []string{v}
		}
	}
	return nil
}

// system is the kind of thing that was called. SDKs tell more kinds of databases
// than there are protocols.
func system(s *store.Span) []string {
	v := first(s, "db.system.name", "db.system", "messaging.system", "rpc.system.name", "rpc.system")
	if len(v) == 0 {
		if len(first(s, "http.request.method", "http.method")) > 0 {
			return []string{"http"}
		}
		return nil
	}
	switch v[0] {
	case "mariadb":
		return []string{"mysql"}
	case "mssql":
		return []string{"microsoft.sql_server"}
	}
	return v
}

// sameServer reports whether both may have called the same place, and whether an
// address or a port bears that out.
func sameServer(app, net *store.Span) (may, known bool) {
	_, server := endpoints(net)
	if port, ok := firstInt(app, "server.port", "network.peer.port", "net.peer.port", "net.sock.peer.port"); ok && server.Port != 0 {
		if port != int64(server.Port) {
			return false, false
		}
		known = true
	}
	for _, key := range [...]string{"network.peer.address", "net.sock.peer.addr", "net.peer.ip", "server.address", "net.peer.name"} {
		v := app.Text(key)
		if a, ok := parseAddr(v); ok && server.Addr != ([16]byte{}) {
			if a != [16]byte(server.Addr) {
				return false, false
			}
			return true, true
		}
		if v != "" && v == net.Text("server.address") {
			return true, true
		}
	}
	return true, known
}

func firstInt(s *store.Span, keys ...string) (int64, bool) {
	for _, k := range keys {
		if n, ok := s.Int(k); ok {
			return n, true
		}
	}
	return 0, false
}
