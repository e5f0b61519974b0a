package local

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is a file system whose writes to the log and to the manifest wait for room
// when there is none: Pebble ends the program when such a write fails. Other files
// fail as they do; Pebble makes them again.
type disk struct {
	vfs.FS
	waiting atomic.Int32 // writes that wait
	full    func(error)
}

// retryEvery is the time between two attempts of a write that waits for room.
const retryEvery = 100 * time.Millisecond

func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// stuck reports whether a write waits for room.
func (d *disk) stuck() bool { return d.waiting.Load() > 0 }

// patient calls write until it has room.
func (d *disk) patient(write func() error) error {
	err := write()
	if !noRoom(err) {
		return err
	}
	d.waiting.Add(1)
	defer d.waiting.Add(-1)
	for noRoom(err) {
		d.full(err)
		time.Sleep(retryEvery)
		err = write()
	}
	return err
}

// vital reports files that must not fail.
func (d *disk) vital(name string) bool {
	base := d.FS.PathBase(name)
	return strings.HasSuffix(base, ".log") || strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "marker.")
}

func (d *disk) open(name string, open func() (vfs.File, error)) (f vfs.File, err error) {
	if !d.vital(name) {
		return open()
	}
	if err = d.patient(func() (err error) { f, err = open(); return err }); err != nil {
		return nil, err
	}
	return &file{f, d}, nil
}

// Create makes a file that waits for room if it is vital.
func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.open(name, func() (vfs.File, error) { return d.FS.Create(name, c) })
}

// ReuseForWrite is Create of a file that has its room already.
func (d *disk) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.open(to, func() (vfs.File, error) { return d.FS.ReuseForWrite(from, to, c) })
}

// Unwrap returns the file system beneath.
func (d *disk) Unwrap() vfs.FS { return d.FS }

// file is a vital file.
type file struct {
	vfs.File
	d *disk
}

// Write goes on where there was no room.
func (f *file) Write(b []byte) (n int, err error) {
	err = f.d.patient(func() error {
		k, err := f.File.Write(b[n:])
		n += k
		return err
	})
	return n, err
}

// Preallocate is a hint; without room for it there may be room enough.
func (f *file) Preallocate(offset, length int64) error {
	if err := f.File.Preallocate(offset, length); !noRoom(err) {
		return err
	}
	return nil
}

// Sync waits for room that the file system gave on credit.
func (f *file) Sync() error { return f.d.patient(f.File.Sync) }

// SyncData is Sync.
func (f *file) SyncData() error { return f.d.patient(f.File.SyncData) }

// SyncTo is Sync of a part.
func (f *file) SyncTo(length int64) (full bool, err error) {
	err = f.d.patient(func() (err error) { full, err = f.File.SyncTo(length); return err })
	return full, err
}
