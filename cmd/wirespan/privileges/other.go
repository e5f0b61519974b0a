//go:build !linux

package privileges

import "errors"

// ErrNotLinux is what Drop says of a plan with a user elsewhere.
var ErrNotLinux = errors.New("giving up privileges needs Linux")

// Drop does nothing but on Linux.
func Drop(p Plan) (Report, error) {
	if p.User != "" {
		return nil, ErrNotLinux
	}
	return Probe(""), nil
}

// Become does nothing but on Linux.
func Become(p Plan) error {
	if p.User != "" {
		return ErrNotLinux
	}
	return nil
}

// Probe says that there is nothing to be had.
func Probe(string) Report { return Report{{Capabilities, Off, "needs Linux"}} }

// Explain returns the error as it is.
func Explain(err error, _ string) error { return err }

// Admits refuses nobody but on Linux.
func Admits(string) error { return nil }
