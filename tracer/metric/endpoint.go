package metric

import (
	"encoding/base64"
	"net"
	"net/url"
	"strings"

	"github.com/wirespan/wirespan/tracer/otlp"
)

// Endpoint is where metrics are exported to. The zero value is none.
type Endpoint struct {
	grpc    bool
	tls     bool
	address string // host:port
	shown   string // without user and query
	url     string // HTTP only; may hold a key in its query
	auth    string // Authorization of a user in the URL
}

// ParseEndpoint reads http://, https:// (OTLP/HTTP; /v1/metrics is taken when
// the path is empty or "/"), grpc:// and grpcs:// (OTLP/gRPC, port 4317 by
// default), as otlp.ParseEndpoint does for spans. Errors do not repeat what may
// be secret.
func ParseEndpoint(raw string) (Endpoint, error) {
	t, err := otlp.ParseEndpoint(raw)
	if err != nil {
		return Endpoint{}, err
	}
	_, rest, _ := strings.Cut(raw, "://")
	u, err := url.Parse("http://" + rest)
	if err != nil {
		return Endpoint{}, err // not reached: it was parsed above
	}
	e := Endpoint{grpc: t.Protocol == otlp.GRPC, tls: t.TLS, address: t.Address}
	if u.User != nil {
		password, _ := u.User.Password()
		e.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	if u.Path == "" || u.Path == "/" {
		t.Path = "/v1/metrics"
	}
	if e.grpc {
		t.Path = ""
	}
	e.shown = t.String()
	if e.url = e.shown; u.RawQuery != "" {
		e.url += "?" + u.RawQuery
	}
	return e, nil
}

// String is the endpoint without user and query.
func (e Endpoint) String() string { return e.shown }

// Host is the host that is connected to, and its port if it has one.
func (e Endpoint) Host() (host, port string) {
	host, port, err := net.SplitHostPort(e.address)
	if err != nil {
		return e.address, ""
	}
	return host, port
}
