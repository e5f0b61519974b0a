package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	access "github.com/wirespan/wirespan/tracer/gate"
)

// Where serve listens unless told otherwise.
const (
	defaultUI       = "127.0.0.1:16680"
	defaultOTLPGRPC = "127.0.0.1:4317"
	defaultOTLPHTTP = "127.0.0.1:4318"
)

// nowhere is the address of what is not wanted.
const nowhere = "off"

// houseFlags say where a house listens and who is let in. The same flags are those
// of serve, and with --ui of read, live and mirror.
type houseFlags struct {
	ui       string
	otlpGRPC string
	otlpHTTP string

	tokens    string
	cert, key string
	clientCA  string
	hosts     []string
	noTLS     bool
	noTokens  bool

	body    string
	limits  access.Config
	traceAt int

	onward onwardFlags
	apm    apmFlags
}

// addUI defines the flags of every house.
func (h *houseFlags) addUI(f *pflag.FlagSet, ui string) {
	h.limits = access.Default()
	f.StringVar(&h.ui, "ui", ui, "serve APIs, status and metrics on `ADDR`: a port, or host:port (without host 127.0.0.1)")
	f.StringVar(&h.tokens, "tokens", "", "let in those with a token in `FILE`: lines of rights (read,ingest,packets), name, token; read again on SIGHUP")
	f.StringVar(&h.cert, "cert", "", "serve TLS with the certificate chain in `FILE` (PEM), read again on SIGHUP")
	f.StringVar(&h.key, "cert-key", "", "private key of --cert, `FILE` (PEM)")
	f.StringVar(&h.clientCA, "client-ca", "", "let in only clients with a certificate by the authorities in `FILE` (PEM)")
	f.StringArrayVar(&h.hosts, "allow-host", nil, "`NAME` under which browsers and clients may ask where no token is needed; repeatable (addresses and localhost always may)")
	f.BoolVar(&h.noTLS, "insecure-no-tls", false, "listen without TLS on addresses that other hosts reach")
	f.BoolVar(&h.noTokens, "insecure-no-tokens", false, "let everybody in on addresses that other hosts reach")
	f.StringVar(&h.body, "limit-body", "16MiB", "`SIZE` of a request at most, packed and unpacked")
	f.IntVar(&h.limits.Requests, "limit-requests", h.limits.Requests, "requests under way at a time, `N`; others are told to come again (503)")
	f.IntVar(&h.limits.PerClient, "limit-client", h.limits.PerClient, "requests under way of one address with one token, `N`; others are told to come again (429)")
	f.DurationVar(&h.limits.Timeout, "limit-time", h.limits.Timeout, "time of a request, from its head to the end of the answer")
}

// addReceivers defines the flags of a house that takes spans of others.
func (h *houseFlags) addReceivers(f *pflag.FlagSet) {
	f.StringVar(&h.otlpGRPC, "otlp-grpc", defaultOTLPGRPC, "take spans over gRPC (OTLP, SkyWalking v3) on `ADDR`, or off")
	f.StringVar(&h.otlpHTTP, "otlp-http", defaultOTLPHTTP, "take spans over HTTP (OTLP, Zipkin v2, SkyWalking v3) on `ADDR`, or off")
	f.IntVar(&h.traceAt, "limit-trace", 10_000, "`SPANS` of one trace that are assembled at most")
	h.onward.add(f)
	h.apm.add(f)
}

// settle completes the addresses and checks everything that can be checked without
// opening anything.
func (h *houseFlags) settle() error {
	var errs []error
	for _, a := range h.addresses() {
		if *a.addr == nowhere {
			*a.addr = ""
		}
		if *a.addr == "" {
			continue
		}
		var err error
		if *a.addr, err = hostPort(a.flag, *a.addr); err == nil {
			err = access.CheckListen(a.flag, *a.addr, access.Security{
				TLS: h.cert != "", Tokens: h.tokens != "" || h.clientCA != "", NoTLS: h.noTLS, NoTokens: h.noTokens,
			})
		}
		errs = append(errs, err)
	}
	if (h.cert == "") != (h.key == "") {
		errs = append(errs, errors.New("--cert and --cert-key: one without the other"))
	}
	if h.clientCA != "" && h.cert == "" {
		errs = append(errs, errors.New("--client-ca: needs --cert"))
	}
	size, err := sizeOf("--limit-body", h.body)
	h.limits.Body, h.limits.Hosts = int64(size), h.hosts
	return errors.Join(append(errs, err, h.limits.Validate())...)
}

// address is one that a flag says.
type address struct {
	flag string
	addr *string
}

func (h *houseFlags) addresses() []address {
	return []address{{"--ui", &h.ui}, {"--otlp-grpc", &h.otlpGRPC}, {"--otlp-http", &h.otlpHTTP}}
}

// access makes gate and certificate of the files. cert is nil without TLS.
func (h *houseFlags) access() (g *access.Gate, cert *access.Certificate, t *tls.Config, err error) {
	c := h.limits
	if c.Tokens, err = h.readTokens(); err != nil {
		return nil, nil, nil, err
	}
	if g, err = access.New(c); err != nil {
		return nil, nil, nil, fmt.Errorf("access: %w", err)
	}
	if h.cert == "" {
		return g, nil, nil, nil
	}
	cert = &access.Certificate{}
	if err = h.readCertificate(cert); err != nil {
		return nil, nil, nil, err
	}
	var clients []byte
	if h.clientCA != "" {
		if clients, err = os.ReadFile(h.clientCA); err != nil {
			return nil, nil, nil, fmt.Errorf("--client-ca: %w", err)
		}
	}
	t, err = cert.Config(clients)
	return g, cert, t, err
}

// readTokens reads --tokens; nil if it is not given.
func (h *houseFlags) readTokens() (*access.Tokens, error) {
	if h.tokens == "" {
		return nil, nil //nolint:nilnil // nil is no tokens
	}
	f, err := os.Open(h.tokens)
	if err != nil {
		return nil, fmt.Errorf("--tokens: %w", err)
	}
	defer f.Close()
	t, err := access.ParseTokens(f)
	if err != nil {
		return nil, fmt.Errorf("--tokens %s: %w", h.tokens, err)
	}
	return t, nil
}

func (h *houseFlags) readCertificate(c *access.Certificate) error {
	cert, err := os.ReadFile(h.cert)
	if err != nil {
		return fmt.Errorf("--cert: %w", err)
	}
	key, err := os.ReadFile(h.key)
	if err != nil {
		return fmt.Errorf("--cert-key: %w", err)
	}
	if err := c.Set(cert, key); err != nil {
		return fmt.Errorf("--cert %s: %w", h.cert, err)
	}
	return nil
}

// files are those that are read again on SIGHUP.
func (h *houseFlags) files() (list []string) {
	for _, f := range []string{h.tokens, h.cert, h.key} {
		if f != "" {
			list = append(list, f)
		}
	}
	return list
}

// reload reads tokens and certificate again. What cannot be read stays as it was.
func (h *houseFlags) reload(_ context.Context, g *access.Gate, c *access.Certificate) error {
	var errs []error
	if h.tokens != "" {
		t, err := h.readTokens()
		if err == nil {
			err = g.SetTokens(t)
		}
		errs = append(errs, err)
	}
	if c != nil {
		errs = append(errs, h.readCertificate(c))
	}
	return errors.Join(errs...)
}
