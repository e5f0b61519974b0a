package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Protocol is how an export travels.
type Protocol uint8

const (
	// HTTP is OTLP/HTTP with protobuf bodies.
	HTTP Protocol = iota + 1
	// GRPC is OTLP/gRPC.
	GRPC
)

// Endpoint is where a signal is exported to. The zero value is none.
type Endpoint struct {
	Protocol Protocol
	TLS      bool
	Address  string // host:port; for HTTP the port may be absent
	Path     string // HTTP only, escaped
	query    string // HTTP only; may hold a key, so it is not shown
	auth     string // Authorization of a user in the URL
}

// ParseEndpoint reads http://, https:// (OTLP/HTTP; the path of the signal is
// taken when it is empty or "/"), grpc:// and grpcs:// (OTLP/gRPC, plain and with
// TLS, port 4317 by default). A user in the URL becomes basic authentication.
// Errors do not repeat what may be secret.
func ParseEndpoint(raw string, s Signal) (Endpoint, error) {
	fail := func(format string, a ...any) (Endpoint, error) {
		shown := raw
		if strings.ContainsAny(raw, "@?#") {
			shown = "(with credentials)"
		}
		return Endpoint{}, fmt.Errorf("endpoint %q: "+format, append([]any{shown}, a...)...)
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return fail("no scheme; write http://, https://, grpc:// or grpcs:// in front")
	}
	e := Endpoint{}
	switch strings.ToLower(scheme) {
	case "http":
		e.Protocol = HTTP
	case "https":
		e.Protocol, e.TLS = HTTP, true
	case "grpc":
		e.Protocol = GRPC
	case "grpcs":
		e.Protocol, e.TLS = GRPC, true
	default:
		return fail("scheme is none of http, https, grpc, grpcs")
	}
	u, err := url.Parse("http://" + rest)
	if err != nil {
		return fail("not a URL")
	}
	if u.Hostname() == "" {
		return fail("no host")
	}
	if port := u.Port(); port == "" && strings.HasSuffix(u.Host, ":") {
		return fail("empty port")
	} else if n, err := net.LookupPort("tcp", port); port != "" && (err != nil || n == 0) {
		return fail("port is not between 1 and 65535")
	}
	if u.Fragment != "" {
		return fail("a fragment (#) makes no sense here")
	}
	e.Address = u.Host
	if u.User != nil {
		password, _ := u.User.Password()
		e.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	if e.Protocol == HTTP {
		if e.Path, e.query = u.EscapedPath(), u.RawQuery; e.Path == "" || e.Path == "/" {
			e.Path = s.path
		}
		return e, nil
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return fail("gRPC takes host and port only, no path")
	}
	if u.Port() == "" {
		e.Address = net.JoinHostPort(u.Hostname(), "4317")
	}
	return e, nil
}

// String is the endpoint without user and query.
func (e Endpoint) String() string {
	scheme := map[Protocol]string{HTTP: "http", GRPC: "grpc"}[e.Protocol]
	if e.TLS {
		scheme += "s"
	}
	return scheme + "://" + e.Address + e.Path
}

// url is what HTTP requests go to.
func (e Endpoint) url() string {
	if e.query == "" {
		return e.String()
	}
	return e.String() + "?" + e.query
}

// Host is the host that is connected to, and its port if it has one.
func (e Endpoint) Host() (host, port string) {
	host, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		return e.Address, ""
	}
	return host, port
}

// ErrNoEndpoint is what Config.Validate says of the zero Endpoint.
var ErrNoEndpoint = errors.New("export.endpoint: missing")
