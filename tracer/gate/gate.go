package gate

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config bounds what is let in. All fields but Tokens and Hosts are required.
type Config struct {
	Tokens *Tokens  // nil: everybody who can connect may read and send
	Hosts  []string // names, beside localhost, that Host may have where there are no tokens

	Requests  int           // under way at the same time
	PerClient int           // of one client: a token at an address
	Body      int64         // bytes of a request, as sent
	Timeout   time.Duration // of a request, from its head to the end of the answer
}

// Default is what serve uses.
func Default() Config {
	return Config{Requests: 256, PerClient: 64, Body: 16 << 20, Timeout: 60 * time.Second}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("access: %s: %s", key, what))
		}
	}
	need(c.Requests > 0, "requests", "must be positive")
	need(c.PerClient > 0, "requests per client", "must be positive")
	need(c.Body > 0, "request size", "must be positive")
	need(c.Timeout >= time.Second, "request time", "must be at least 1s")
	return errors.Join(errs...)
}

// Outcome is what became of a request at the gate.
type Outcome uint8

// Outcomes.
const (
	Allowed     Outcome = iota
	NoToken             // none was sent
	WrongToken          // nobody has it
	NoRight             // it has not this right
	CrossSite           // a page of another site made a browser ask
	ForeignHost         // Host is a name that is not ours
	TooLarge            // the request
	Busy                // too many requests
	ClientBusy          // too many of this client
	NumOutcomes
)

var outcomeNames = [...]string{
	"allowed", "no_token", "wrong_token", "no_right", "cross_site", "foreign_host", "too_large", "busy", "client_busy",
}

// String names the outcome, for metrics.
func (o Outcome) String() string {
	if o >= NumOutcomes {
		return "unknown"
	}
	return outcomeNames[o]
}

// Stats counts requests by what became of them.
type Stats [NumOutcomes]uint64

// Gate lets requests in. Its methods may be called by several goroutines.
type Gate struct {
	cfg    Config
	tokens atomic.Pointer[Tokens]
	hosts  map[string]bool
	counts [NumOutcomes]atomic.Uint64

	mu      sync.Mutex
	under   int
	clients map[string]int // requests under way, at most Config.Requests entries
}

// New returns a Gate.
func New(c Config) (*Gate, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	g := &Gate{cfg: c, hosts: map[string]bool{"localhost": true}, clients: make(map[string]int)}
	for _, h := range c.Hosts {
		g.hosts[strings.ToLower(strings.TrimSuffix(h, "."))] = true
	}
	g.tokens.Store(c.Tokens)
	return g, nil
}

// SetTokens replaces the tokens. A Gate that had some cannot be left without, and one
// without takes none: who may connect was decided by that.
func (g *Gate) SetTokens(t *Tokens) error {
	if (g.tokens.Load().Len() == 0) != (t.Len() == 0) {
		return errors.New("replace tokens: there must be some before and after")
	}
	g.tokens.Store(t)
	return nil
}

// Guarded reports whether a token is needed.
func (g *Gate) Guarded() bool { return g.tokens.Load().Len() > 0 }

// Stats returns the counters.
func (g *Gate) Stats() (s Stats) {
	for i := range s {
		s[i] = g.counts[i].Load()
	}
	return s
}

func (g *Gate) count(o Outcome) Outcome {
	g.counts[o].Add(1)
	return o
}

// Caller is who makes a request.
type Caller struct {
	Name   string // of the token, empty without tokens
	Rights Right
}

type callerKey struct{}

// CallerOf returns who made a request that a Gate let in.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// May reports whether the caller of a request has a right.
func May(ctx context.Context, r Right) bool { return CallerOf(ctx).Rights&r == r }

// admit decides by the value of an Authorization header.
func (g *Gate) admit(authorization string, right Right) (Caller, Outcome) {
	t := g.tokens.Load()
	if t.Len() == 0 {
		if everybody&right != right {
			return Caller{}, NoRight
		}
		return Caller{Rights: everybody}, Allowed
	}
	token, ok := tokenOf(authorization)
	if !ok {
		return Caller{}, NoToken
	}
	rights, name, ok := t.find(token)
	switch {
	case !ok:
		return Caller{}, WrongToken
	case rights&right != right:
		return Caller{}, NoRight
	}
	return Caller{Name: name, Rights: rights}, Allowed
}

// tokenOf reads an Authorization header: Bearer, or the password of Basic, which
// browsers and data sources that know nothing else send.
func tokenOf(header string) (string, bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case strings.EqualFold(scheme, "bearer"):
		return rest, rest != ""
	case strings.EqualFold(scheme, "basic"):
		b, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return "", false
		}
		_, password, ok := strings.Cut(string(b), ":")
		return password, ok && password != ""
	}
	return "", false
}

// enter takes a place for a client; leave gives it back.
func (g *Gate) enter(client string) Outcome {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.clients[client] >= g.cfg.PerClient:
		return ClientBusy
	case g.under >= g.cfg.Requests:
		return Busy
	}
	g.under++
	g.clients[client]++
	return Allowed
}

func (g *Gate) leave(client string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.under--
	if g.clients[client]--; g.clients[client] == 0 {
		delete(g.clients, client)
	}
}
