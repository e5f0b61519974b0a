package stream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// Bounds of a Config.
const (
	MaxConnections = 1024
	MaxToken       = 512  // bytes
	MaxPoints      = 4096 // capture points; interfaces beyond are one, "pcap:other"
)

// Config says where streams come from. Default gives one that is ready but for
// Listen, Connect and Stdin.
type Config struct {
	Listen  []Address
	Connect []Address
	Stdin   io.Reader // one more stream; nil none. See pcapfile.Config about reads that block
	// PointName names the point of a peer, for which it is given "pcap:" with
	// the peer's address, or "stdin"; nil keeps that.
	PointName func(name string) string
	// Netns is a network namespace to listen in and to connect from: a name that
	// ip netns knows, or a path such as /proc/PID/ns/net. Names of hosts are
	// resolved in the namespace of the process.
	Netns string

	Token     string      // that those who send to us must know; empty: none
	Insecure  bool        // listen beyond the loopback without a token
	ServerTLS *tls.Config // with a certificate, for listeners with TLS

	ConnectToken string      // that we send where we connect; empty: none
	ClientTLS    *tls.Config // for connections with TLS; nil: the host's certificate authorities

	MaxConnections int           // at a time, those that we made not counted
	Idle           time.Duration // of silence after which a stream is given up; 0 never
	Handshake      time.Duration // for TLS and token
	Retry          time.Duration // first pause before connecting again; it doubles
	MaxRetry       time.Duration // longest pause

	// Filter compiles the filter for a link type; nil programs, and a nil
	// Filter, accept all.
	Filter func(capture.LinkType) ([]bpf.RawInstruction, error)

	Log *slog.Logger // what comes, goes, breaks and is refused; nil: nothing is said
}

// Default is a Config for up to 64 senders, each of which may be silent for an
// hour.
func Default() Config {
	return Config{
		MaxConnections: 64, Idle: time.Hour, Handshake: 10 * time.Second,
		Retry: time.Second, MaxRetry: time.Minute,
	}
}

// Validate tells all that is wrong with c.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Listen) == 0 && len(c.Connect) == 0 && c.Stdin == nil {
		wrong("no stream to read: neither an address to listen on nor one to connect to")
	}
	for _, a := range c.Listen {
		if a.TLS && (c.ServerTLS == nil || len(c.ServerTLS.Certificates) == 0 && c.ServerTLS.GetCertificate == nil) {
			wrong("listen on %s: TLS needs a certificate and its key", a)
		}
		if c.Token == "" && !c.Insecure && !a.Loopback() {
			wrong("listen on %s: whoever reaches it could send packets: give a token, listen on 127.0.0.1, or allow it explicitly", a)
		}
	}
	for _, a := range c.Connect {
		if a.Host == "" {
			wrong("connect to %s: no host", a)
		}
	}
	for _, token := range []string{c.Token, c.ConnectToken} {
		if len(token) > MaxToken || strings.ContainsAny(token, "\r\n") {
			wrong("token: must be at most %d bytes without line breaks", MaxToken)
		}
	}
	if c.MaxConnections < 1 || c.MaxConnections > MaxConnections {
		wrong("%d connections: must be 1 to %d", c.MaxConnections, MaxConnections)
	}
	if c.Idle < 0 || c.Handshake <= 0 {
		wrong("idle time %v, handshake %v: must not be negative, the latter not 0", c.Idle, c.Handshake)
	}
	if c.Retry <= 0 || c.MaxRetry < c.Retry {
		wrong("pauses of %v to %v between connections: must be positive and in order", c.Retry, c.MaxRetry)
	}
	return errors.Join(errs...)
}
