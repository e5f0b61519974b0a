//go:build linux && !amd64 && !arm64

package privileges

import "runtime"

// seccomp needs a table of calls for each kind of machine.
func (p *Plan) seccomp() Measure {
	return Measure{Seccomp, Off, "no list of calls for " + runtime.GOARCH}
}
