//go:build !linux

package procs

import (
	"errors"
	"fmt"
)

// diag is not there on other systems.
type diag struct{}

func openDiag() (*diag, error) {
	return nil, fmt.Errorf("open sock_diag: %w", errors.ErrUnsupported)
}

func (*diag) dump(uint8, Proto, func(*socket)) (bool, error) { return false, errors.ErrUnsupported }

func (*diag) exact(*Endpoint, func(*socket)) error { return errors.ErrUnsupported }

func (*diag) close() error { return nil }
