package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxLinks bounds the links on the way to a file, as the kernel does.
const maxLinks = 40

// Folders lists every folder in which a change may make path name another
// file, sorted: what a program needs access to that goes on reading it.
func Folders(path string) []string {
	return slices.Sorted(maps.Keys(foldersOf(path)))
}

// foldersOf finds every folder in which a change may make path name another
// file: those that hold a link on the way, and the one that holds the file.
func foldersOf(path string) map[string]bool {
	found := make(map[string]bool)
	path, err := filepath.Abs(path)
	if err != nil {
		return found
	}
	for range maxLinks {
		link, rest := firstLink(path)
		if link == "" {
			found[filepath.Dir(path)] = true
			return found
		}
		found[filepath.Dir(link)] = true
		target, err := os.Readlink(link)
		if err != nil {
			return found
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(link), target)
		}
		path = filepath.Join(target, rest)
	}
	return found
}

// firstLink splits a path behind its first component that is a link; link is
// empty if none is.
func firstLink(path string) (link, rest string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	at := "/"
	for i, p := range parts {
		at = filepath.Join(at, p)
		st, err := os.Lstat(at)
		if err != nil {
			return "", ""
		}
		if st.Mode()&os.ModeSymlink != 0 {
			return at, filepath.Join(parts[i+1:]...)
		}
	}
	return "", ""
}
