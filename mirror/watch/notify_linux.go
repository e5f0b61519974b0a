package watch

import (
	"bytes"
	"path/filepath"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notify hears from the kernel which files were closed after writing, or moved
// in. On file systems of other hosts it hears nothing of what they do.
type notify struct {
	mu    sync.Mutex     // of fd, which Close takes from the reader
	fd    int            // -1 without
	dirs  map[int]string // by watch descriptor
	watch map[string]bool
	whole map[string]bool // files that were closed, until they are asked for
	fresh bool            // something came since the last look
	buf   [16 << 10]byte
}

// most is how many directories and files are remembered; what is beyond becomes
// whole by its quiet.
const most = MaxFiles

func newNotify() *notify {
	n := &notify{dirs: make(map[int]string), watch: make(map[string]bool), whole: make(map[string]bool)}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		fd = -1
	}
	n.fd = fd
	return n
}

// add watches a directory, once.
func (n *notify) add(dir string) {
	if n.watch[dir] || len(n.watch) >= MaxPlaces {
		return
	}
	n.mu.Lock()
	wd, err := unix.InotifyAddWatch(n.fd, dir, unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO|unix.IN_CREATE|unix.IN_ONLYDIR)
	n.mu.Unlock()
	if err != nil {
		return // polling finds out
	}
	n.watch[dir], n.dirs[wd] = true, dir
}

// hear reads the events that wait.
func (n *notify) hear() {
	for {
		n.mu.Lock()
		got, err := unix.Read(n.fd, n.buf[:])
		n.mu.Unlock()
		if err != nil || got < unix.SizeofInotifyEvent {
			return
		}
		n.events(n.buf[:got])
	}
}

func (n *notify) events(b []byte) {
	for len(b) >= unix.SizeofInotifyEvent {
		e := (*unix.InotifyEvent)(unsafe.Pointer(&b[0]))
		end := unix.SizeofInotifyEvent + int(e.Len)
		if end > len(b) {
			return
		}
		name := string(bytes.TrimRight(b[unix.SizeofInotifyEvent:end], "\x00"))
		b = b[end:]
		dir, known := n.dirs[int(e.Wd)]
		n.fresh = true
		switch {
		case !known:
		case e.Mask&unix.IN_IGNORED != 0: // the directory has gone
			delete(n.watch, dir)
			delete(n.dirs, int(e.Wd))
		case e.Mask&(unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO) != 0 && e.Mask&unix.IN_ISDIR == 0 && len(n.whole) < most:
			n.whole[filepath.Join(dir, name)] = true
		}
	}
}

// takeWhole tells, once, whether a file was closed or moved in.
func (n *notify) takeWhole(path string) bool {
	if !n.whole[path] {
		return false
	}
	delete(n.whole, path)
	return true
}

// forget drops what was not asked for: files that have gone.
func (n *notify) forget() {
	n.fresh = false
	clear(n.whole)
}

// close may be called by another goroutine than the reader's, and again.
func (n *notify) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fd >= 0 {
		_ = unix.Close(n.fd)
		n.fd = -1
	}
}
