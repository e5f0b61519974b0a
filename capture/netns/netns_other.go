//go:build !linux

package netns

import "errors"

// Do runs f; only Linux has namespaces to run it in.
func Do(name string, f func() error) error {
	if name != "" {
		return errors.New("network namespaces are of Linux")
	}
	return f()
}
