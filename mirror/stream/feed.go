package stream

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// feed is a connection as pcapfile reads it: silent for Idle at most, and ended
// by a read deadline in the past.
type feed struct {
	r    io.Reader
	c    net.Conn
	idle time.Duration

	mu    sync.Mutex
	ended bool
}

// Read waits for the idle time at most.
func (f *feed) Read(p []byte) (int, error) {
	f.mu.Lock()
	if f.ended {
		f.mu.Unlock()
		return 0, os.ErrClosed
	}
	if f.idle > 0 {
		_ = f.c.SetReadDeadline(time.Now().Add(f.idle))
	}
	f.mu.Unlock()
	return f.r.Read(p)
}

// SetReadDeadline ends the reading, whatever the time.
func (f *feed) SetReadDeadline(t time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	return f.c.SetReadDeadline(t)
}
