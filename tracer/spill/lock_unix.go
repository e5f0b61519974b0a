//go:build unix

package spill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock makes this process the only one that uses a directory, until the file is
// closed (flock(2)).
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock buffer: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock buffer: %s is in use by another wirespan", dir)
		}
		return nil, fmt.Errorf("lock buffer: %w", err)
	}
	return f, nil
}

// syncDir makes names of files in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync buffer: %w", err)
	}
	defer d.Close()
	return d.Sync()
}
