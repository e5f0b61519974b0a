package filter

import (
	"errors"
	"net/netip"
)

// Service is a port that has a name, and the transports it exists for.
type Service struct {
	Port           uint16
	TCP, UDP, SCTP bool
}

// Resolver looks up names that expressions use. A function that is nil finds
// nothing, except that services and protocols fall back to tables of the usual
// ones, so that the zero value is of use and asks nobody. Functions may block:
// they are called while an expression is compiled.
type Resolver struct {
	Host     func(name string) ([]netip.Addr, error) // addresses of a host, at least one
	Ether    func(name string) ([6]byte, error)      // as /etc/ethers
	Network  func(name string) (netip.Prefix, error) // as /etc/networks
	Service  func(name string) (Service, bool)       // as /etc/services
	Protocol func(name string) (uint8, bool)         // as /etc/protocols
}

var errNoResolver = errors.New("names are not looked up here; write the address")

func (r *Resolver) host(name string) ([]netip.Addr, error) {
	if r.Host == nil {
		return nil, errNoResolver
	}
	return r.Host(name)
}

func (r *Resolver) ether(name string) ([6]byte, error) {
	if r.Ether == nil {
		return [6]byte{}, errNoResolver
	}
	return r.Ether(name)
}

func (r *Resolver) network(name string) (netip.Prefix, error) {
	if r.Network == nil {
		return netip.Prefix{}, errNoResolver
	}
	p, err := r.Network(name)
	return p.Masked(), err
}

func (r *Resolver) service(name string) (Service, bool) {
	if r.Service != nil {
		if s, ok := r.Service(name); ok {
			return s, true
		}
	}
	s, ok := usualServices[name]
	return s, ok
}

func (r *Resolver) protocol(name string) (uint8, bool) {
	if r.Protocol != nil {
		if n, ok := r.Protocol(name); ok {
			return n, true
		}
	}
	n, ok := usualProtocols[name]
	return n, ok
}
