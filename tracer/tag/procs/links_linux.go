package procs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// eachLink reads the symbolic links of a directory, and calls take with what
// each points to, or with why it cannot be read, until it says stop. Relative
// to the directory a link costs half of what its path costs, and a busy server
// has thousands.
func eachLink(dir string, take func(target []byte, err error) bool) error {
	fd, err := openDir(dir)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // read only
	buf := make([]byte, 8<<10)
	target := make([]byte, 256)
	var names []string
	for {
		n, err := unix.ReadDirent(fd, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n <= 0 {
			return err
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names[:0])
		for _, name := range names {
			n, err := unix.Readlinkat(fd, name, target)
			if !take(target[:max(n, 0)], err) {
				return nil
			}
		}
	}
}

func openDir(dir string) (int, error) {
	for {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}
