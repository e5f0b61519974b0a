//go:build !unix

package spill

import (
	"fmt"
	"os"
	"path/filepath"
)

// lock opens the file only: there is no flock here.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock buffer: %w", err)
	}
	return f, nil
}

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }
