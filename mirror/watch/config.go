package watch

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// Bounds.
const (
	MaxDirs     = 64
	MaxDepth    = 8     // directories below a watched one that are looked into
	MaxPlaces   = 1024  // directories in all
	MaxFiles    = 65536 // that are remembered; of more, those are read when others have gone
	MaxTogether = 64    // files that are read together, for each holds memory
	MaxPoints   = 4096  // capture points: directories, and interfaces of files; what is beyond is one, "other"
)

// Dir is a directory that others fill.
type Dir struct {
	Path string
	Name string // of its capture point; empty: the last part of Path
}

// Config says what to watch. Default gives one that is ready but for Dirs.
type Config struct {
	Dirs []Dir
	// Done is where files go when they were read, below the name of their
	// directory; empty: they stay. On another file system they are copied.
	Done string
	// Delete removes files when they were read.
	Delete bool

	Quiet time.Duration // without change, after which a file is whole
	Poll  time.Duration // between looks, where the kernel tells of nothing
	// Gather is how long a file waits for those of other hosts, so that they are
	// read together.
	Gather time.Duration

	// Filter compiles the filter for a link type; nil programs, and a nil
	// Filter, accept all.
	Filter func(capture.LinkType) ([]bpf.RawInstruction, error)

	Log *slog.Logger // what is read, damaged, or cannot be moved; nil: nothing is said
}

// Default is a Config for files that are written on another host.
func Default() Config {
	return Config{Quiet: 10 * time.Second, Poll: time.Second, Gather: 500 * time.Millisecond}
}

// Validate tells all that is wrong with c.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Dirs) == 0 || len(c.Dirs) > MaxDirs {
		wrong("%d directories to watch: must be 1 to %d", len(c.Dirs), MaxDirs)
	}
	for _, d := range c.Dirs {
		if st, err := os.Stat(d.Path); err != nil {
			wrong("watch directory: %w", err)
		} else if !st.IsDir() {
			wrong("watch directory: %s is none; a file is read with wirespan read --follow", d.Path)
		}
	}
	if c.Quiet <= 0 || c.Poll <= 0 || c.Gather < 0 {
		wrong("quiet time %v, pause %v, gathering %v: must be positive", c.Quiet, c.Poll, c.Gather)
	}
	if c.Done != "" {
		c.validateDone(wrong)
	}
	return errors.Join(errs...)
}

func (c *Config) validateDone(wrong func(string, ...any)) {
	if c.Delete {
		wrong("files that were read are either deleted or moved to %s", c.Done)
	}
	if st, err := os.Stat(c.Done); err != nil {
		wrong("move files that were read: %w", err)
	} else if !st.IsDir() {
		wrong("move files that were read: %s is no directory", c.Done)
	}
	for _, d := range c.Dirs {
		if inside(c.Done, d.Path) {
			wrong("move files that were read: %s is inside of %s, which is watched", c.Done, d.Path)
		}
	}
}

// inside tells whether a path is a directory or below it.
func inside(path, dir string) bool {
	a, err1 := filepath.Abs(path)
	b, err2 := filepath.Abs(dir)
	if err1 != nil || err2 != nil {
		return false
	}
	rel, err := filepath.Rel(b, a)
	return err == nil && filepath.IsLocal(rel)
}

// pointName is the name of the point of a watched directory.
func (d Dir) pointName() string {
	if d.Name != "" {
		return d.Name
	}
	abs, err := filepath.Abs(d.Path)
	if err != nil {
		abs = d.Path
	}
	return filepath.Base(abs)
}
