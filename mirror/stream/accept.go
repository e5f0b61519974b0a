package stream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// accept waits for those who send.
func (s *Source) accept(l net.Listener, secure bool) {
	defer s.running.Done()
	for {
		c, err := l.Accept()
		switch {
		case s.ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			if err == nil {
				c.Close()
			}
			return
		case err != nil:
			// Out of files, most likely: those that are open go on.
			s.say("accept", "cannot accept streams", "error", err.Error())
			if !s.sleep(100 * time.Millisecond) {
				return
			}
		case !s.admit():
			s.refuse(c, fmt.Errorf("%d streams are open already", s.cfg.MaxConnections))
		default:
			s.running.Add(1)
			go func() {
				defer s.running.Done()
				defer s.dismiss()
				s.serve(c, secure)
			}()
		}
	}
}

// admit counts a connection in, if there is room for it.
func (s *Source) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n.open >= s.cfg.MaxConnections {
		return false
	}
	s.n.open++
	return true
}

func (s *Source) dismiss() {
	s.mu.Lock()
	s.n.open--
	s.mu.Unlock()
}

func (s *Source) refuse(c net.Conn, why error) {
	peer := c.RemoteAddr().String()
	c.Close()
	if s.ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.n.refused++
	s.mu.Unlock()
	kind := "refused"
	if errors.Is(why, errToken) || errors.Is(why, errNoToken) {
		kind = why.Error()
	}
	s.say(kind, "stream refused", "peer", peer, "reason", why.Error())
}

// serve takes one connection from its handshake to its end.
func (s *Source) serve(c net.Conn, secure bool) {
	if !s.opened(c) {
		return
	}
	defer s.finished(c)
	peer := hostOf(c)
	_ = c.SetDeadline(time.Now().Add(s.cfg.Handshake))
	if secure {
		t := tls.Server(c, s.cfg.ServerTLS)
		if err := t.HandshakeContext(s.ctx); err != nil {
			s.refuse(c, fmt.Errorf("no TLS: %w", err))
			return
		}
		c = t
	}
	f := &feed{r: c, c: c, idle: s.cfg.Idle}
	if s.cfg.Token == "" {
		// A sender may keep even the header until it has packets.
		_ = c.SetDeadline(time.Time{})
		f.r = &untold{r: c}
		s.run(peer, f)
		return
	}
	r, err := handshake(c, s.cfg.Token)
	if err != nil {
		s.refuse(c, s.reason(err))
		return
	}
	_ = c.SetDeadline(time.Time{})
	f.r = r
	s.run(peer, f)
}

// run reads a stream and says how it went. It reports whether it was in order.
func (s *Source) run(peer string, r io.Reader) bool {
	name := s.claim(peer)
	defer s.release(name)
	s.count(func(n *counts) { n.begun++ })
	if s.cfg.Log != nil {
		s.cfg.Log.Info("stream began", "point", name)
	}
	err := s.read(name, r)
	switch {
	case s.ctx.Err() != nil:
		return true
	case err != nil:
		s.count(func(n *counts) { n.broken++ })
		if s.cfg.Log != nil {
			s.cfg.Log.Warn("stream broke", "point", name, "error", err.Error())
		}
		return false
	case s.cfg.Log != nil:
		s.cfg.Log.Info("stream ended", "point", name)
	}
	return true
}

// reason tells in the user's words why a connection came to nothing.
func (s *Source) reason(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no token came for %v", s.cfg.Handshake)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errNoToken
	}
	return err
}

// hostOf is the address of a peer without its port, which is another each time.
func hostOf(c net.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	return host
}

// claim gives a stream a name that no other has that is read now: a peer may
// send several.
func (s *Source) claim(peer string) string {
	name := "pcap:" + peer
	if peer == stdin {
		name = stdin
	}
	if s.cfg.PointName != nil {
		name = s.cfg.PointName(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	free := name
	for n := 2; s.claimed[free]; n++ {
		free = name + "#" + strconv.Itoa(n)
	}
	s.claimed[free] = true
	return free
}

func (s *Source) release(name string) {
	s.mu.Lock()
	delete(s.claimed, name)
	s.mu.Unlock()
}

const stdin = "stdin"
