//go:build linux

package afpacket

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// watcher follows the interfaces of a group: on a goroutine of its own it
// hears from rtnetlink that something changed, and lists all interfaces.
type watcher struct {
	g    *group
	r    *route
	quit int // eventfd
	wg   sync.WaitGroup
}

// settleTime is how long changes are gathered before interfaces are listed: a
// container brings several.
const settleTime = 20 * time.Millisecond

// lookAgain is when to list interfaces although nothing was heard: what could
// not be opened may be possible now, and messages may have been lost.
const lookAgain = 5 * time.Second

func newWatcher(g *group) (*watcher, error) {
	w := &watcher{g: g}
	err := g.ns.Do(func() (err error) {
		w.r, err = openRoute(unix.RTMGRP_LINK)
		return err
	})
	if err != nil {
		return nil, err
	}
	if w.quit, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		w.r.close()
		return nil, fmt.Errorf("open eventfd: %w", err)
	}
	return w, nil
}

func (w *watcher) start() { w.wg.Go(w.run) }

// stop ends the goroutine and waits for it.
func (w *watcher) stop() {
	_, _ = unix.Write(w.quit, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	w.wg.Wait()
	w.r.close()
	_ = unix.Close(w.quit)
}

func (w *watcher) run() {
	for {
		heard, end := w.sleep(lookAgain, true)
		if end {
			return
		}
		if heard {
			if _, end = w.sleep(settleTime, false); end {
				return
			}
			w.forget()
		}
		w.look()
	}
}

// sleep waits for a message, or the end, or the time.
func (w *watcher) sleep(d time.Duration, listen bool) (heard, end bool) {
	until := time.Now().Add(d)
	for {
		polls := []unix.PollFd{{Fd: int32(w.quit), Events: unix.POLLIN}, {Fd: int32(w.r.fd), Events: unix.POLLIN}}
		if !listen {
			polls = polls[:1]
		}
		t := unix.NsecToTimespec(max(0, time.Until(until).Nanoseconds()))
		n, err := unix.Ppoll(polls, &t, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || polls[0].Revents != 0 {
			return false, true
		}
		return n > 0, false
	}
}

// forget throws away the messages: the list says it all. A lost one (ENOBUFS)
// says no more than another.
func (w *watcher) forget() {
	for {
		_, _, err := unix.Recvfrom(w.r.fd, w.r.buf, unix.MSG_DONTWAIT)
		if err != nil && !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.ENOBUFS) {
			return
		}
	}
}

func (w *watcher) look() {
	g := w.g
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.route == nil {
		return
	}
	if list, err := g.route.interfaces(false); err == nil {
		_ = g.reconcile(list, false) // errors are among what was refused
	}
}
