//go:build !linux

package procs

import "os"

// eachLink reads the symbolic links of a directory, and calls take with what
// each points to, or with why it cannot be read, until it says stop.
func eachLink(dir string, take func(target []byte, err error) bool) error {
	list, err := os.ReadDir(dir)
	for _, e := range list {
		target, err := os.Readlink(dir + "/" + e.Name())
		if !take([]byte(target), err) {
			return nil
		}
	}
	return err
}
