package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/otlp/transport"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/spill"
)

// serverFlags say which wirespan serve spans are sent to.
type serverFlags struct {
	url       string
	token     string
	tokenFile string
	ca        string
	cert, key string
	clear     bool // a token may be sent without TLS
	buffer    string
}

func (s *serverFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.url, "server", "", "send spans to the wirespan serve at `URL` (http, https, grpc, grpcs), with what it needs to link those of several agents")
	s.addAccess(f)
	f.StringVar(&s.buffer, "buffer", "", "keep spans in directory `DIR[:SIZE]` while --server is slow or gone, also across a restart (SIZE: default 1GiB)")
}

// addAccess defines what a client of a server needs to be let in.
func (s *serverFlags) addAccess(f *pflag.FlagSet) {
	f.StringVar(&s.token, "token", "", "`TOKEN` for --server; better from the variable WIRESPAN_TOKEN or --token-file, which others cannot see")
	f.StringVar(&s.tokenFile, "token-file", "", "`FILE` with the token for --server")
	f.StringVar(&s.ca, "server-ca", "", "trust the certificate authorities in `FILE` (PEM) for --server (default: those of the system)")
	f.StringVar(&s.cert, "server-cert", "", "show the certificate in `FILE` (PEM) to --server")
	f.StringVar(&s.key, "server-key", "", "private key of --server-cert, `FILE` (PEM)")
	f.BoolVar(&s.clear, "server-insecure", false, "send the token to --server without TLS, also to other hosts")
}

// Bounds of what is sent to a server. Requests are larger than those to a
// collector, since one sender keeps their order.
const (
	serverBatchSpans = 2048
	serverBatchDelay = 200 * time.Millisecond

	// bufferParcels is how many requests a buffer has room for at least: what finds
	// none is lost as a whole.
	bufferParcels = 16

	// bufferPatience is how long read waits for a server that is down, when what is
	// left would be on disk.
	bufferPatience = 10 * time.Second
)

// openServer makes the sink of --server.
func (o *outputs) openServer(opt *options, keys *span.Keys) ([]sink.Sink, error) {
	f := &opt.toServer
	if f.url == "" {
		if f.buffer != "" {
			return nil, usage(errors.New("--buffer: is for --server, which is missing"))
		}
		return nil, nil
	}
	c, err := f.export(opt.paced)
	if err != nil {
		return nil, usage(err)
	}
	if f.buffer != "" {
		sc, err := f.spill(opt.paced)
		if err != nil {
			return nil, usage(err)
		}
		c.Queue.Senders = 1
		c.BatchBytes = min(c.BatchBytes, int(sc.Bytes/bufferParcels))
		c.Via = func(next transport.Transport) (transport.Transport, error) {
			s, err := spill.NewSender(next, sc)
			if err != nil {
				return next, err
			}
			o.spill = s
			return s, nil
		}
	}
	x, err := otlp.NewExporter(keys, otlpConfig(opt), c)
	if err != nil {
		return nil, &statusError{exitPartial, fmt.Errorf("--server: %w", err)}
	}
	o.exporters = append(o.exporters, x)
	o.server = x
	return []sink.Sink{x}, nil
}

// export says how to reach the server.
func (s *serverFlags) export(paced bool) (otlp.ExportConfig, error) {
	c := otlp.DefaultExport()
	ep, err := otlp.ParseEndpoint(s.url)
	if err != nil {
		return c, fmt.Errorf("--server: %w", err)
	}
	c.Endpoint, c.BatchSpans, c.BatchDelay, c.Proxy = ep, serverBatchSpans, serverBatchDelay, http.ProxyFromEnvironment
	if paced {
		c.Queue.Bytes = liveQueue
	} else {
		c.Queue.Block, c.Queue.Retry.Total = true, offlinePatience
	}
	token, err := s.secret()
	if err != nil {
		return c, err
	}
	host, _ := ep.Host()
	if token != "" {
		if !ep.TLS && !s.clear && !isLoopback(host) {
			return c, fmt.Errorf("--server %s: the token would be readable on the way; use https or grpcs, or --server-insecure", ep)
		}
		c.Headers = map[string]string{"authorization": "Bearer " + token}
	}
	c.TLS, err = s.tls()
	return c, err
}

// secret returns the token, empty if there is none.
func (s *serverFlags) secret() (string, error) {
	if s.tokenFile == "" {
		return strings.TrimSpace(s.token), nil
	}
	b, err := os.ReadFile(s.tokenFile)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("--token-file: %s: want one token and nothing else", s.tokenFile)
	}
	return token, nil
}

// tls reads the files; nil if none is named.
func (s *serverFlags) tls() (*tls.Config, error) {
	return readTLS(pemFile{"--server-ca", s.ca}, pemFile{"--server-cert", s.cert}, pemFile{"--server-key", s.key})
}

// spill reads --buffer.
func (s *serverFlags) spill(paced bool) (spill.Config, error) {
	c := spill.Default()
	var err error
	if c.Dir, c.Bytes, err = parseBuffer(s.buffer, c.Bytes); err != nil {
		return c, err
	}
	if !paced {
		c.Block, c.Final = true, bufferPatience
	}
	return c, nil
}

// parseBuffer reads DIR[:SIZE]. A colon in DIR is no matter, unless what follows
// the last one looks like a size.
func parseBuffer(text string, bytes int64) (dir string, size int64, err error) {
	dir, size = text, bytes
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		if n, err := parseSize(text[i+1:]); err == nil {
			dir, size = text[:i], int64(n)
		}
	}
	if dir == "" || size < spill.MinBytes {
		return "", 0, fmt.Errorf("--buffer %q: want DIR or DIR:SIZE, with a SIZE of at least 1MiB", text)
	}
	return dir, size, nil
}

// isLoopback reports whether a host is this one, as its name says.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.Unmap().IsLoopback()
}

// bufferDir is where --buffer keeps files, empty without.
func (s *serverFlags) bufferDir() string {
	if s.buffer == "" {
		return ""
	}
	dir, _, err := parseBuffer(s.buffer, spill.MinBytes)
	if err != nil {
		return ""
	}
	return dir
}

// hostPort completes an address to listen on: a port, or one without host, is on
// loopback only. All addresses have to be asked for, as 0.0.0.0:4317.
func hostPort(flag, s string) (string, error) {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		s = ":" + s
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("%s %q: want a port or HOST:PORT", flag, s)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return "", fmt.Errorf("%s %q: %q is not a port", flag, s, port)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// storesSpans reports whether spans go where they are linked with those of others.
func (o *options) storesSpans() bool { return o.toServer.url != "" || o.keeping.wanted() }
