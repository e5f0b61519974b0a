package gate

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Security says how an address is protected.
type Security struct {
	TLS      bool
	Tokens   bool // or certificates of clients
	NoTLS    bool // it was said that TLS is not wanted
	NoTokens bool // it was said that tokens are not wanted
}

// CheckListen says what is missing on an address to listen on. Loopback needs
// nothing: who may connect there has an account on this host.
func CheckListen(flag, addr string, s Security) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s %q: want HOST:PORT", flag, addr)
	}
	if Loopback(host) {
		return nil
	}
	var missing []string
	if !s.TLS && !s.NoTLS {
		missing = append(missing, "TLS (--cert, --cert-key; or --insecure-no-tls)")
	}
	if !s.Tokens && !s.NoTokens {
		missing = append(missing, "tokens (--tokens; or --insecure-no-tokens)")
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s %s: %w: %s", flag, addr, ErrOpen, strings.Join(missing, " and "))
}

// ErrOpen says that others could reach an address that nothing protects.
var ErrOpen = errors.New("other hosts can reach it, so it needs")

// Loopback reports whether only this host reaches a host to listen on.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.Unmap().IsLoopback()
}
