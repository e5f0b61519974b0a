package main

import (
	"fmt"
	"os"
	"syscall"
)

// fileIDOf is what stays the same while an executable does.
func fileIDOf(f *os.File) (fileID, error) {
	st, err := f.Stat()
	if err != nil {
		return fileID{}, err
	}
	s, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, fmt.Errorf("look at %s: no inode", f.Name())
	}
	return fileID{uint64(s.Dev), s.Ino, st.Size(), st.ModTime().UnixNano()}, nil
}
