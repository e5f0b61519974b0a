//go:build linux

package listen

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/netns"
)

// Open binds all listeners. It fails when one of them cannot be; what the
// kernel refuses beyond a socket and its address is in Degraded. After Open no
// privilege is needed any more.
func Open(cfg Config) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Source{cfg: cfg, spare: make(chan *loan, 64), pool: newPool(cfg.MaxMemory), msgs: newMessages(), wake: -1}
	if cfg.Filter != nil {
		if err := s.SetFilterFunc(cfg.Filter); err != nil {
			return nil, err
		}
	}
	var err error
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, fmt.Errorf("open eventfd: %w", err)
	}
	if err := netns.Do(cfg.Netns, s.listen); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// listen opens the sockets of all listeners.
func (s *Source) listen() error {
	taps := make(map[string]int)
	for i, spec := range s.cfg.Listen {
		name := spec.String()
		refused := func(option, format string, args ...any) {
			s.degraded = append(s.degraded, Degraded{name, option, fmt.Sprintf(format, args...)})
		}
		sockets, err := openSockets(spec, s.cfg.Buffer, refused)
		if err != nil {
			return err
		}
		point := name
		if s.cfg.PointName != nil {
			point = s.cfg.PointName(spec)
		}
		tap, known := taps[point]
		if !known {
			tap = len(s.points)
			taps[point] = tap
			s.points = append(s.points, capture.Point{Name: point})
		}
		for _, k := range sockets {
			k.listener, k.point, k.beside = i, uint16(tap), s.beside(spec)
		}
		s.sockets = append(s.sockets, sockets...)
		s.specs = append(s.specs, Listener{Name: name, Point: tap, Buffer: buffer(sockets)})
	}
	return nil
}

// beside are the kinds that have listeners of their own in the same place.
func (s *Source) beside(spec Spec) (set kindSet) {
	for _, o := range s.cfg.Listen {
		if o.Kind != spec.Kind && o.samePlace(spec) {
			set |= 1 << o.Kind
		}
	}
	return set
}

// buffer is what the kernel granted the sockets of a listener, each.
func buffer(sockets []*socket) int {
	n, err := unix.GetsockoptInt(sockets[0].fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	if err != nil {
		return 0
	}
	return n / 2
}
