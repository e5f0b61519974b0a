package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// file is what is known of a file that was seen.
type file struct {
	size    int64
	changed time.Time // its time of modification
	seen    time.Time // when size and changed were last found different
	whole   bool      // the kernel said that it was closed or moved in
	read    bool      // to its end, when it had this size
	past    int64     // bytes of it that were read before
	sweep   uint64    // in which it was last there
}

// found is a file that is whole and not read.
type found struct {
	path  string
	place string // name of its point
	file  *file
}

// scan finds the files that are whole now, in the order in which they were
// written.
func (s *Source) scan(now time.Time) []found {
	s.sweep++
	s.beyond = 0
	var all []found
	for _, d := range s.cfg.Dirs {
		all = append(all, s.look(d.Path, d.pointName(), 0, now)...)
	}
	for path, f := range s.files {
		if f.sweep != s.sweep {
			delete(s.files, path)
		}
	}
	for path, sweep := range s.places {
		if sweep != s.sweep {
			delete(s.places, path)
		}
	}
	s.mu.Lock()
	s.n.Beyond = s.beyond
	s.mu.Unlock()
	if s.beyond > 0 {
		err := fmt.Errorf("%d files and directories: %d files, %d directories and %d levels are looked at", s.beyond, MaxFiles, MaxPlaces, MaxDepth)
		s.sayAtTimes(s.cfg.Dirs[0].Path, "there is more than is watched", err, now)
	}
	slices.SortStableFunc(all, func(a, b found) int {
		if c := a.file.changed.Compare(b.file.changed); c != 0 {
			return c
		}
		return strings.Compare(a.path, b.path)
	})
	return all
}

// look finds files in one directory and those below.
func (s *Source) look(dir, place string, depth int, now time.Time) []found {
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.sayAtTimes(dir, "cannot read directory", err, now)
		if !errors.Is(err, fs.ErrNotExist) {
			s.keep(dir)
		}
		return nil
	}
	s.notify.add(dir)
	var all []found
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
		case e.IsDir():
			if depth < MaxDepth && s.enter(path) {
				all = append(all, s.look(path, place+"/"+e.Name(), depth+1, now)...)
			} else {
				s.beyond++
			}
		case e.Type().IsRegular():
			if f := s.note(path, e, now); f != nil {
				all = append(all, found{path, place, f})
			}
		}
	}
	return all
}

// hidden tells the names that rsync, editors and downloads give to what is not
// complete.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".tmp")
}

// keep holds on to what is known below a directory that cannot be read now, as
// one of a network file system that does not answer: its files would else be
// new when it comes back, and be read again.
func (s *Source) keep(dir string) {
	below := strings.TrimSuffix(filepath.Join(dir, "x"), "x") // as paths of files begin
	for path, f := range s.files {
		if strings.HasPrefix(path, below) {
			f.sweep = s.sweep
		}
	}
	for path := range s.places {
		if strings.HasPrefix(path, below) {
			s.places[path] = s.sweep
		}
	}
}

// enter counts the directories that are looked into.
func (s *Source) enter(dir string) bool {
	if _, known := s.places[dir]; !known && len(s.places) >= MaxPlaces {
		return false
	}
	s.places[dir] = s.sweep
	return true
}

// note brings what is known of a file up to date, and returns it if it is to be
// read.
func (s *Source) note(path string, e fs.DirEntry, now time.Time) *file {
	st, err := e.Info()
	if err != nil {
		return nil // gone meanwhile
	}
	f := s.files[path]
	if f == nil {
		if len(s.files) >= MaxFiles {
			s.beyond++
			return nil
		}
		f = &file{seen: now, size: -1}
		s.files[path] = f
	}
	f.sweep = s.sweep
	if st.Size() != f.size || !st.ModTime().Equal(f.changed) {
		if st.Size() < f.past { // written anew under the same name
			f.past = 0
		}
		f.read = f.read && st.Size() == f.past
		f.size, f.changed, f.seen, f.whole = st.Size(), st.ModTime(), now, false
	}
	if s.notify.takeWhole(path) {
		f.whole = true
	}
	if f.read || f.size == 0 {
		return nil
	}
	// The times of files may be those of another host's clock: they count for
	// what was there at the start, not for what comes.
	if f.whole || now.Sub(f.seen) >= s.cfg.Quiet || s.sweep == 1 && now.Sub(f.changed) >= s.cfg.Quiet {
		f.whole = true
		return f
	}
	return nil
}
