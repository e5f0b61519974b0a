package config

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Times of a Watch.
const (
	settle = 200 * time.Millisecond // from the first sign of a change to reading
	poll   = 30 * time.Second       // for file systems that tell nothing
	again  = 10                     // readings of a file that goes on changing
)

// Watch follows the configuration file of a program that goes on. It looks
// whenever something happens in a folder on the way to the file, links
// included, so that a ConfigMap that Kubernetes swaps is seen.
type Watch struct {
	File    string           // empty: only Hangup counts. It may be absent
	Content []byte           // as it was read last; nil if it was absent
	Hangup  <-chan os.Signal // asks for a look now
	// Reload is told that the file has other bytes, or, asked, that somebody
	// wants it read anyway. It runs on Run's goroutine.
	Reload func(asked bool)
	// Trouble is told why changes may go unseen. It runs on Run's goroutine.
	Trouble func(error)

	missing bool // told that the file cannot be read
}

// Run watches until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	var events chan fsnotify.Event
	var failed chan error
	folders, err := fsnotify.NewWatcher()
	if err == nil {
		defer folders.Close()
		events, failed = folders.Events, folders.Errors
	} else {
		w.Trouble(fmt.Errorf("watch configuration: %w; it is looked at every %s", err, poll))
	}
	w.follow(folders)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var due <-chan time.Time // a look that was promised
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.Hangup:
			w.look(ctx, true)
		case <-tick.C:
			w.look(ctx, false)
		case <-due:
			due = nil
			w.look(ctx, false)
		case <-events:
			if due == nil {
				due = time.After(settle)
			}
			continue
		case <-failed:
			w.look(ctx, false) // events were lost
		}
		w.follow(folders)
	}
}

// look reads the file until it stands still, and tells Reload if it has other
// bytes.
func (w *Watch) look(ctx context.Context, asked bool) {
	if w.File == "" {
		if asked {
			w.Reload(true)
		}
		return
	}
	b, err := readFile(w.File)
	for range again {
		if asked || err == nil && bytes.Equal(b, w.Content) || !pause(ctx, settle/2) {
			break
		}
		before, failed := b, err
		if b, err = readFile(w.File); err == nil && failed == nil && bytes.Equal(b, before) {
			break
		}
	}
	switch {
	case err == nil && (asked || w.missing || !bytes.Equal(b, w.Content)):
		w.Content, w.missing = b, false
		w.Reload(asked)
	case err != nil && asked:
		w.Reload(true) // which says what is wrong
	case err != nil && !w.missing && w.Content != nil:
		w.missing = true
		w.Trouble(fmt.Errorf("%w; the configuration stays as it was", err))
	}
}

// follow watches the folders on the way to the file, as they are now.
func (w *Watch) follow(folders *fsnotify.Watcher) {
	if folders == nil || w.File == "" {
		return
	}
	want := foldersOf(w.File)
	for _, have := range folders.WatchList() {
		if !want[have] {
			// One that is gone is no longer watched anyway.
			_ = folders.Remove(have)
		}
	}
	for dir := range want {
		// What cannot be watched is found by polling.
		_ = folders.Add(dir)
	}
}

// pause reports whether the time passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
