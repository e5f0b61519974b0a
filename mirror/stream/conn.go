package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// conn is one stream that is being read.
type conn struct {
	source *Source
	name   string // of the point, unique among those that are read
	src    *pcapfile.Source
	taps   []uint16 // capture points by pcapfile's
	free   chan *parcel
	filter *program // that src has
	line   []*parcel
}

// read takes a stream to its end, and tells why that came; nil where a capture
// may end.
func (s *Source) read(name string, r io.Reader) error {
	c := &conn{source: s, name: name, free: make(chan *parcel, parcels)}
	for range parcels {
		c.free <- &parcel{conn: c}
	}
	var err error
	c.src, err = pcapfile.Open(s.ctx, pcapfile.Config{
		Inputs: []pcapfile.Input{{Paths: []string{"-"}, Name: name}}, Stdin: r,
	})
	if err != nil {
		return err
	}
	s.enter(c)
	defer s.leave(c)
	err = c.pump()
	if faults := c.src.Faults(); err == nil && len(faults) > 0 {
		fault := *faults[len(faults)-1]
		fault.File = name // it was standard input to pcapfile
		if errors.Is(fault.Err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("nothing came for %v", s.cfg.Idle)
		}
		return &fault
	}
	return err
}

// pump hands on batches until the stream or the source ends.
func (c *conn) pump() error {
	s := c.source
	for {
		var p *parcel
		select {
		case p = <-c.free:
		case <-s.ctx.Done():
			return nil
		}
		if err := c.refilter(); err != nil {
			return err
		}
		var err error
		p.at = 0
		p.n, err = c.src.ReadBatch(s.ctx, p.packets[:])
		p.names = append(p.names[:0], c.src.TakeNames()...)
		if p.n > 0 {
			c.place(p)
			p.release = c.src.Lend()
			select {
			case s.full <- p:
			case <-s.ctx.Done():
				return nil
			}
		} else {
			c.free <- p
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, context.Canceled), errors.Is(err, os.ErrClosed):
			return nil
		default:
			return err
		}
	}
}

// refilter takes over a filter that was replaced.
func (c *conn) refilter() error {
	f := c.source.filter.Load()
	if f == c.filter {
		return nil
	}
	if c.filter = f; f == nil {
		return c.src.SetFilter(nil)
	}
	c.src.SetFilterFunc(f.compile)
	return nil
}

// place gives packets the points of the Source.
func (c *conn) place(p *parcel) {
	points := c.src.Points()
	for len(c.taps) < len(points) {
		c.taps = append(c.taps, c.source.point(points[len(c.taps)].Name))
	}
	for i := range p.packets[:p.n] {
		p.packets[i].Tap = c.taps[p.packets[i].Tap]
	}
}

// point gives a name its capture point: that which it had before, if it had one.
func (s *Source) point(name string) uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tap, known := s.taps[name]; known {
		return tap
	}
	points := *s.points.Load()
	if len(points) >= MaxPoints-1 {
		name = otherPoint
		s.n.crowded++
		if tap, known := s.taps[name]; known {
			return tap
		}
	}
	tap := uint16(len(points))
	s.taps[name] = tap
	more := append(points[:len(points):len(points)], capture.Point{Name: name})
	s.points.Store(&more)
	return tap
}

// otherPoint is what there is no room for.
const otherPoint = "pcap:other"
