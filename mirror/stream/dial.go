package stream

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/wirespan/wirespan/capture/netns"
)

// fetch connects to a server, again and again.
func (s *Source) fetch(a Address) {
	defer s.running.Done()
	pause := s.cfg.Retry
	for {
		began := time.Now()
		c, err := s.dial(a)
		if s.ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return
		}
		if err != nil {
			s.count(func(n *counts) { n.unreached++ })
			s.say("dial "+a.String(), "cannot connect", "address", a.String(), "error", err.Error())
		} else {
			s.fetchFrom(a, c)
		}
		// A server that ends every stream at once is left alone as one that
		// cannot be reached.
		if time.Since(began) > s.cfg.MaxRetry {
			pause = s.cfg.Retry
		}
		if !s.sleep(pause) {
			return
		}
		pause = min(2*pause, s.cfg.MaxRetry)
		s.count(func(n *counts) { n.redials++ })
	}
}

// fetchFrom reads what a server sends.
func (s *Source) fetchFrom(a Address, c net.Conn) {
	if !s.opened(c) {
		return
	}
	defer s.finished(c)
	s.run(a.dial(), &feed{r: c, c: c, idle: s.cfg.Idle})
}

// dial connects, with TLS and token as configured.
func (s *Source) dial(a Address) (net.Conn, error) {
	d := net.Dialer{Timeout: s.cfg.Handshake}
	var c net.Conn
	err := netns.Do(s.cfg.Netns, func() (err error) {
		c, err = d.DialContext(s.ctx, "tcp", a.dial())
		return err
	})
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(s.cfg.Handshake))
	if a.TLS {
		cfg := &tls.Config{}
		if s.cfg.ClientTLS != nil {
			cfg = s.cfg.ClientTLS.Clone()
		}
		if cfg.ServerName == "" {
			cfg.ServerName = a.Host
		}
		secure := tls.Client(c, cfg)
		if err := secure.HandshakeContext(s.ctx); err != nil {
			c.Close()
			return nil, err
		}
		c = secure
	}
	if err := sendToken(c, s.cfg.ConnectToken); err != nil {
		c.Close()
		return nil, err
	}
	return c, c.SetDeadline(time.Time{})
}
