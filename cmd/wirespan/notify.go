package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/mdlayher/sdnotify"
	"golang.org/x/sys/unix"
)

// notifier tells a service manager how a capture is doing (sd_notify(3)). All
// methods of a nil notifier do nothing, which is what newNotifier returns
// where no service manager listens. The socket stays connected, so that it can
// be used after privileges were dropped.
type notifier struct {
	to    *sdnotify.Notifier
	every time.Duration // watchdog period, 0 is none
}

// newNotifier connects to the socket that NOTIFY_SOCKET names. An error says
// that the service manager will not hear from us, which is no reason to end.
func newNotifier() (*notifier, error) {
	to, err := sdnotify.New()
	if errors.Is(err, os.ErrNotExist) && os.Getenv(sdnotify.Socket) == "" {
		return nil, nil //nolint:nilnil // nil is a notifier that does nothing
	}
	if err != nil {
		return nil, fmt.Errorf("open notification socket: %w", err)
	}
	return &notifier{to: to, every: watchdogPeriod(os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID"), os.Getpid())}, nil
}

// watchdogPeriod reads sd_watchdog_enabled(3)'s variables: half of the time
// after which the service manager takes us for dead. 0 means that it does not
// watch this process.
func watchdogPeriod(usec, pid string, self int) time.Duration {
	if pid != "" && pid != strconv.Itoa(self) {
		return 0
	}
	us, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || us <= 0 || us > int64(24*time.Hour/time.Microsecond) {
		return 0
	}
	return time.Duration(us) * time.Microsecond / 2
}

// ready says that capturing has begun, also after reloading.
func (n *notifier) ready(status string) { n.send(sdnotify.Ready, "STATUS="+statusText(status)) }

// reloading says that the configuration is being read again; ready ends it. The
// time is what Type=notify-reload of systemd 253 asks for.
func (n *notifier) reloading() {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	n.send(sdnotify.Reloading, fmt.Sprintf("MONOTONIC_USEC=%d", ts.Nano()/1000))
}

// stopping says that the capture drains.
func (n *notifier) stopping() { n.send(sdnotify.Stopping) }

// status is a line for `systemctl status`.
func (n *notifier) status(line string) { n.send("STATUS=" + statusText(line)) }

// watch pats the watchdog for as long as alive says so, until ctx ends. alive
// must notice a capture that hangs, and not block.
func (n *notifier) watch(ctx context.Context, alive func() bool) {
	if n == nil || n.every == 0 {
		return
	}
	tick := time.NewTicker(n.every)
	defer tick.Stop()
	for {
		if alive() {
			n.send("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// close releases the socket.
func (n *notifier) close() {
	if n != nil {
		_ = n.to.Close()
	}
}

// send passes states on; a service manager that went away is no concern of ours.
func (n *notifier) send(states ...string) {
	if n != nil {
		_ = n.to.Notify(states...)
	}
}

// statusText keeps a status within its line of the protocol.
func statusText(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < ' ' {
			b[i] = ' '
		}
	}
	return string(b)
}
