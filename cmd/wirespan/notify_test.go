package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listenNotify is a service manager's socket.
func listenNotify(t *testing.T) (receive func() string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return func() string {
		t.Helper()
		b := make([]byte, 4096)
		if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func TestNotify(t *testing.T) {
	receive := listenNotify(t)
	t.Setenv("WATCHDOG_USEC", "2000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	n, err := newNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	n.ready("capturing on lo\nREADY=0")
	if got := receive(); got != "READY=1\nSTATUS=capturing on lo READY=0" {
		t.Errorf("ready: %q", got)
	}
	n.reloading()
	if got := receive(); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("reloading: %q", got)
	}
	n.status("12 spans/s")
	if got := receive(); got != "STATUS=12 spans/s" {
		t.Errorf("status: %q", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	done := make(chan struct{})
	go func() {
		n.watch(ctx, func() bool { return asked.Add(1) != 2 })
		close(done)
	}()
	for range 3 {
		if got := receive(); got != "WATCHDOG=1" {
			t.Errorf("watchdog: %q", got)
		}
	}
	cancel()
	<-done
	if asked.Load() < 4 {
		t.Errorf("alive was asked %d times, want 4: one of them in vain", asked.Load())
	}
}

func TestNotifyStopping(t *testing.T) {
	receive := listenNotify(t)
	n, err := newNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	n.watch(t.Context(), func() bool { t.Error("watched without a watchdog"); return true })
	n.stopping()
	if got := receive(); got != "STOPPING=1" {
		t.Errorf("stopping: %q", got)
	}
}

func TestNotifyNobody(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n, err := newNotifier()
	if n != nil || err != nil {
		t.Fatalf("without a socket: %v, %v", n, err)
	}
	n.ready("x")
	n.reloading()
	n.stopping()
	n.watch(t.Context(), nil)
	n.close()

	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	if _, err = newNotifier(); err == nil {
		t.Error("a socket that is not there is not told")
	}
}

func TestWatchdogPeriod(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"30000000", "", 15 * time.Second},
		{"30000000", "7", 15 * time.Second},
		{"30000000", "8", 0},
		{"", "", 0},
		{"soon", "7", 0},
		{"-1", "7", 0},
		{"99999999999999999", "7", 0},
	} {
		if got := watchdogPeriod(c.usec, c.pid, 7); got != c.want {
			t.Errorf("%q, %q: %v, want %v", c.usec, c.pid, got, c.want)
		}
	}
}
