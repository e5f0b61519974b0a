package main

import (
	"io/fs"
	"syscall"
)

// inode is the number of a file's inode.
func inode(i fs.FileInfo) uint64 {
	if st, ok := i.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}
