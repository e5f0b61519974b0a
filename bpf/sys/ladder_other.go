//go:build !linux

package sys

import (
	"context"
	"errors"
)

// Open fails: there is eBPF on Linux only.
func Open(context.Context, Config) (Source, Report, error) {
	return nil, nil, errors.New("open eBPF module: Linux only")
}

// Probe tells of no tier.
func Probe(context.Context, Config) Report { return nil }
