package names

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxHosts     = 100_000
	maxHostsFile = 32 << 20
	maxHostsLine = 64 << 10
)

// Hosts is a hosts file (hosts(5)), read again when it changes.
type Hosts struct {
	file  string
	names atomic.Pointer[map[Addr]string]

	mu    sync.Mutex // held by Refresh, never by Name
	mtime time.Time
	size  int64
}

// NewHosts reads nothing yet.
func NewHosts(file string) *Hosts { return &Hosts{file: file} }

// Name returns the canonical name of an address, empty if it has none. It may
// be called by any goroutine.
func (h *Hosts) Name(addr Addr) string {
	if m := h.names.Load(); m != nil {
		return (*m)[addr]
	}
	return ""
}

// Refresh reads the file if it has changed since the last time; it costs a look
// at its status otherwise. A file that is gone has no names.
func (h *Hosts) Refresh() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	st, err := os.Stat(h.file)
	if errors.Is(err, fs.ErrNotExist) {
		h.names.Store(nil)
		h.mtime, h.size = time.Time{}, 0
		return nil
	}
	if err != nil {
		return fmt.Errorf("read hosts file: %w", err)
	}
	if st.ModTime().Equal(h.mtime) && st.Size() == h.size {
		return nil
	}
	f, err := os.Open(h.file)
	if err != nil {
		return fmt.Errorf("read hosts file: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	m, err := parseHosts(io.LimitReader(f, maxHostsFile))
	if err != nil {
		return fmt.Errorf("read hosts file %s: %w", h.file, err)
	}
	h.names.Store(&m)
	h.mtime, h.size = st.ModTime(), st.Size()
	return nil
}

// Run looks at the file now and then until ctx is done. A fault is told once,
// until it is another one or gone.
func (h *Hosts) Run(ctx context.Context, every time.Duration, fault func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := ""; ; {
		text := ""
		if err := h.Refresh(); err != nil {
			if text = err.Error(); text != last {
				fault(err)
			}
		}
		last = text
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// parseHosts reads lines of an address, its canonical name, and aliases. The
// first line of an address counts, as it does for the resolver. Loopback and
// multicast addresses are left out: their names (localhost, ip6-allnodes) say
// nothing about a service. So are names that sinkholes give to 0.0.0.0.
func parseHosts(r io.Reader) (map[Addr]string, error) {
	m := make(map[Addr]string)
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4096), maxHostsLine)
	for sc.Scan() && len(m) < maxHosts {
		line, _, _ := bytes.Cut(sc.Bytes(), []byte("#"))
		f := bytes.Fields(line)
		if len(f) < 2 || len(f[1]) > maxName {
			continue
		}
		a, err := netip.ParseAddr(string(f[0]))
		if err != nil || a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			continue
		}
		e := Entry{Service: strings.TrimSuffix(string(f[1]), ".")}
		if _, have := m[a.As16()]; !have && e.check() == nil {
			m[a.As16()] = e.Service
		}
	}
	return m, sc.Err()
}
