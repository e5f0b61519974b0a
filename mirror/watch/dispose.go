package watch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// dispose moves or deletes a file that was read.
func (s *Source) dispose(f found) {
	var err error
	switch {
	case s.cfg.Delete:
		err = os.Remove(f.path)
	case s.cfg.Done != "":
		dir := filepath.Join(s.cfg.Done, filepath.FromSlash(f.place))
		if err = os.MkdirAll(dir, 0o755); err == nil {
			err = move(f.path, filepath.Join(dir, filepath.Base(f.path)))
		}
	default:
		return
	}
	if err != nil {
		s.mu.Lock()
		s.n.Kept++
		s.mu.Unlock()
		s.say(f.path, "cannot put away file", err)
	}
}

// move puts a file elsewhere, under a number where there is one of its name. A
// rename that is not to be had, because of another file system or of a sandbox
// (Landlock), is a copy.
func move(from, to string) error {
	free := to
	for n := 1; ; n++ {
		_, err := os.Lstat(free)
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if n > 999 {
			return fmt.Errorf("rename %s: %w", to, os.ErrExist)
		}
		free = fmt.Sprintf("%s.%d", to, n)
	}
	if os.Rename(from, free) == nil {
		return nil
	}
	return relocate(from, free)
}

// relocate copies a file whole, with its times, before it removes it.
func relocate(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	part := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".part")
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, st.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	_ = os.Chtimes(part, st.ModTime(), st.ModTime())
	if err = os.Rename(part, to); err != nil {
		return err
	}
	return os.Remove(from)
}
