//go:build !linux

package kernel

import (
	"context"
	"errors"

	"github.com/wirespan/wirespan/bpf/sys"
)

// Open fails: there is eBPF on Linux only.
func Open(context.Context, Config) (sys.Source, Report, error) {
	return nil, nil, errors.New("open eBPF module: Linux only")
}

// Probe tells of no tier.
func Probe(context.Context, Config) Report { return nil }
