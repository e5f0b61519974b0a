package procs

import (
	"errors"
	"fmt"
	"time"
)

// Config bounds the work and the memory of a Table. All fields but Passwd,
// RunDirs, Docker, Diag and the two Keeps are required.
type Config struct {
	Root    string   // where procfs is mounted, "/proc"; a container has the host's elsewhere
	Passwd  string   // users by number, as passwd(5); empty: users have no names
	RunDirs []string // where SysV services leave their pid files; none: they have no names
	Docker  string   // Docker's containers directory, for names; empty: containers have ids only
	Diag    bool     // ask sock_diag; false: read /proc/PID/net only

	MinInterval  time.Duration // between two looks for what lookups have missed
	FullInterval time.Duration // between two looks at everything
	Duty         float64       // share of a core that looks may take on average, 0 to 1
	Keep         time.Duration // how long a connection's owner is remembered after the socket is gone
	KeepListener time.Duration // the same for listening ports

	MaxSockets   int // connections and listeners that are known at a time
	MaxProcesses int // processes that one walk looks at
	MaxLinks     int // file descriptors that one walk looks at
	MaxSpaces    int // network namespaces that are looked into
}

// Default reads this machine.
func Default() Config {
	return Config{
		Root: "/proc", Passwd: "/etc/passwd", RunDirs: []string{"/run", "/var/run"},
		Docker: "/var/lib/docker/containers", Diag: true,
		MinInterval: 20 * time.Millisecond, FullInterval: 10 * time.Second, Duty: 0.02,
		Keep: time.Minute, KeepListener: 10 * time.Minute,
		MaxSockets: 1 << 15, MaxProcesses: 1 << 15, MaxLinks: 1 << 18, MaxSpaces: 256,
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, key, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("procs: %s: %s", key, what))
		}
	}
	need(c.Root != "", "proc-root", "is required")
	need(c.MinInterval >= 10*time.Millisecond, "min-interval", "must be at least 10ms")
	need(c.FullInterval >= c.MinInterval, "full-interval", "must be at least min-interval")
	need(c.Duty > 0 && c.Duty <= 1, "duty", "must be above 0 and at most 1")
	need(c.Keep >= 0 && c.KeepListener >= 0, "keep", "must not be negative")
	need(c.MaxSockets > 0 && c.MaxProcesses > 0 && c.MaxLinks > 0 && c.MaxSpaces > 0, "bounds", "must be positive")
	return errors.Join(errs...)
}
