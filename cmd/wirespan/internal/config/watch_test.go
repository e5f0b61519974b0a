package config

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds how long a test waits for what must come.
const patience = 20 * time.Second

// observed runs a Watch and hands on what it tells.
type observed struct {
	hup     chan os.Signal
	reloads chan bool // asked
	trouble chan error
}

func watch(t *testing.T, file string) *observed {
	t.Helper()
	o := &observed{hup: make(chan os.Signal, 1), reloads: make(chan bool, 100), trouble: make(chan error, 100)}
	content, _ := os.ReadFile(file)
	w := &Watch{
		File: file, Content: content, Hangup: o.hup,
		Reload: func(asked bool) { o.reloads <- asked }, Trouble: func(err error) { o.trouble <- err },
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	// The folders are watched once a signal has been answered.
	o.hup <- syscall.SIGHUP
	o.want(t, true)
	return o
}

func (o *observed) want(t *testing.T, asked bool) {
	t.Helper()
	select {
	case got := <-o.reloads:
		if got != asked {
			t.Fatalf("asked is %v", got)
		}
	case err := <-o.trouble:
		t.Fatal(err)
	case <-time.After(patience):
		t.Fatal("nothing is told")
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWatchWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.yaml")
	put(t, path, "workers: 1\n")
	o := watch(t, path)
	put(t, path, "workers: 2\n")
	o.want(t, false)
	// As editors do: a new file takes the name.
	put(t, path+".new", "workers: 3\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	o.want(t, false)
	// Neighbours, and the same bytes, are no change: the next one that is told
	// is asked for.
	put(t, path+".other", "x")
	put(t, path, "workers: 3\n")
	time.Sleep(3 * settle)
	o.hup <- syscall.SIGHUP
	o.want(t, true)
}

// TestWatchConfigMap swaps a folder as Kubernetes does: the file is a link into
// ..data, which is a link to a folder that is replaced.
func TestWatchConfigMap(t *testing.T) {
	dir := t.TempDir()
	version := func(name, text string) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name, "w.yaml"), text)
		if err := os.Symlink(name, filepath.Join(dir, "..tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", "workers: 1\n")
	path := filepath.Join(dir, "w.yaml")
	if err := os.Symlink("..data/w.yaml", path); err != nil {
		t.Fatal(err)
	}
	o := watch(t, path)
	for i, name := range []string{"..2", "..3", "..4"} {
		version(name, "workers: "+string(rune('2'+i))+"\n")
		if err := os.RemoveAll(filepath.Join(dir, ".."+string(rune('1'+i)))); err != nil {
			t.Fatal(err)
		}
		o.want(t, false)
	}
}

// TestWatchLinkElsewhere follows a link into another folder, and a folder that
// is itself a link.
func TestWatchLinkElsewhere(t *testing.T) {
	a, b, c := t.TempDir(), t.TempDir(), t.TempDir()
	put(t, filepath.Join(b, "real.yaml"), "workers: 1\n")
	if err := os.Symlink(b, filepath.Join(c, "current")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(a, "w.yaml")
	if err := os.Symlink(filepath.Join(c, "current", "real.yaml"), path); err != nil {
		t.Fatal(err)
	}
	o := watch(t, path)
	put(t, filepath.Join(b, "real.yaml"), "workers: 2\n")
	o.want(t, false)
	put(t, filepath.Join(a, "real.yaml"), "workers: 3\n")
	if err := os.Symlink(a, filepath.Join(c, "next")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(c, "next"), filepath.Join(c, "current")); err != nil {
		t.Fatal(err)
	}
	o.want(t, false)
}

// TestWatchGone keeps going when the file is away, and tells it once.
func TestWatchGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.yaml")
	put(t, path, "workers: 1\n")
	o := watch(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	select {
	case <-o.trouble:
	case <-o.reloads:
		t.Fatal("a reload of nothing")
	case <-time.After(patience):
		t.Fatal("nothing is told")
	}
	put(t, path, "workers: 2\n")
	o.want(t, false)
}

// TestWatchAppears sees a file that was not there at first.
func TestWatchAppears(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.yaml")
	o := watch(t, path)
	put(t, path, "workers: 2\n")
	o.want(t, false)
}

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.Symlink("b", path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a", filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	if got := foldersOf(path); len(got) != 1 || !got[dir] {
		t.Errorf("links in a circle: %v", got)
	}
}
