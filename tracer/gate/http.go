package gate

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Door is what HTTP needs to know of a handler.
type Door struct {
	Right Right
	// Stream reports that an answer goes on until the client leaves: it takes no
	// place and has no end. nil: none does. The handler bounds them itself.
	Stream func(*http.Request) bool
	// Page says that people open it with a browser, which then asks for the token.
	Page bool
}

// HTTP puts the gate in front of a handler. The handler finds the caller in the
// context (CallerOf), and reads at most Config.Body bytes of a request: beyond, its
// reader fails with *http.MaxBytesError and the connection is closed. A server needs a
// ReadTimeout and a WriteTimeout, too, or the deadline of one request is that of later
// ones on the connection that do not come through here, or those have none.
func (g *Gate) HTTP(d Door, next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, o := g.look(cross, d.Right, r)
		if o == Allowed && r.ContentLength > g.cfg.Body {
			o = TooLarge
		}
		if o != Allowed {
			g.turnAway(w, r, &d, g.count(o))
			return
		}
		ctx := context.WithValue(r.Context(), callerKey{}, caller)
		if d.Stream != nil && d.Stream(r) {
			g.count(Allowed)
			_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // of an earlier request of the connection, or the server's
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		client := clientOf(&caller, r.RemoteAddr)
		g.limit(w)
		if o := g.enter(client); o != Allowed {
			g.refuse(w, &d, g.count(o)) // who is to come again keeps the connection
			return
		}
		defer g.leave(client)
		g.count(Allowed)
		ctx, cancel := context.WithTimeout(ctx, g.cfg.Timeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, g.cfg.Body)
		next.ServeHTTP(w, r)
	})
}

// clientOf is whom a request counts for: many agents may have one token, and many
// clients one address.
func clientOf(c *Caller, remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	return c.Name + "@" + host
}

// limit bounds the time in which a client sends and takes.
func (g *Gate) limit(w http.ResponseWriter) {
	until := time.Now().Add(g.cfg.Timeout)
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(until) // writers of tests have none
	_ = c.SetWriteDeadline(until.Add(time.Second))
}

// turnAway refuses a request that was not let in, and does not wait for the body that
// it may have: a server reads what is left of one before it answers, unless the
// connection ends, and somebody without a token could hold it for ever by that.
func (g *Gate) turnAway(w http.ResponseWriter, r *http.Request, d *Door, o Outcome) {
	g.limit(w)
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lingerTime))
	}
	g.refuse(w, d, o)
}

// lingerTime is how long a client that was not let in may go on sending, so that it
// reads why, before the connection ends.
const lingerTime = time.Second

// look decides whether a request may come in.
func (g *Gate) look(cross *http.CrossOriginProtection, right Right, r *http.Request) (Caller, Outcome) {
	if cross.Check(r) != nil || foreign(r) {
		return Caller{}, CrossSite
	}
	if !g.Guarded() && !g.knows(r.Host) {
		return Caller{}, ForeignHost
	}
	return g.admit(r.Header.Get("Authorization"), right)
}

// foreign reports that another site's page made a browser ask, however it does.
// Following a link is what people do themselves.
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// knows reports whether a Host is ours: an address, which no name service can turn
// to somebody else's page, or a name that was configured.
func (g *Gate) knows(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if g.hosts[host] || strings.HasSuffix(host, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// refusals says what a client is told.
var refusals = [NumOutcomes]struct {
	status int
	words  string
}{
	NoToken:     {http.StatusUnauthorized, "a token is needed: Authorization: Bearer TOKEN"},
	WrongToken:  {http.StatusUnauthorized, "the token is not known"},
	NoRight:     {http.StatusForbidden, "the right to do this is missing"},
	CrossSite:   {http.StatusForbidden, "requests of other sites' pages are refused"},
	ForeignHost: {http.StatusForbidden, "Host names somebody else; see --allow-host"},
	TooLarge:    {http.StatusRequestEntityTooLarge, "the request is too large"},
	Busy:        {http.StatusServiceUnavailable, "too many requests at the same time"},
	ClientBusy:  {http.StatusTooManyRequests, "too many requests of this client at the same time"},
}

// retryAfter is how long a client is asked to wait, in seconds.
const retryAfter = "1"

func (g *Gate) refuse(w http.ResponseWriter, d *Door, o Outcome) {
	h := w.Header()
	switch o {
	case NoToken, WrongToken:
		h.Set("WWW-Authenticate", `Bearer realm="wirespan"`)
		if d.Page {
			h.Add("WWW-Authenticate", `Basic realm="wirespan: the token is the password", charset="UTF-8"`)
		}
	case Busy, ClientBusy:
		h.Set("Retry-After", retryAfter)
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(refusals[o].status)
	fmt.Fprintf(w, "%s\n", refusals[o].words)
}
