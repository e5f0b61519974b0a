package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/cmd/wirespan/internal/config"
)

// configChange is a new configuration that a running command may take over.
type configChange struct {
	keys []string // what differs and may change now
	next *config.Settings
}

// has reports whether one of the flags differs.
func (c *configChange) has(flags ...string) bool {
	for _, f := range flags {
		for _, k := range c.keys {
			if k == config.KeyOf(f) {
				return true
			}
		}
	}
	return false
}

// fill writes the new values into a fresh flag set of the command. Keys that
// take effect after a restart have the values of the running command.
func (c *configChange) fill(fs *pflag.FlagSet) error { return c.next.Fill(fs) }

// reloader keeps what a command runs with.
type reloader struct {
	st      *configState
	running *config.Settings
	told    map[string]config.Value // keys that wait for a restart, by flag
	apply   func(*configChange) error
	say     func(string) // one line for the operator
}

// watchConfig follows the configuration of a running command: its file, and
// SIGHUP. ctx is that of the command, or below it. apply is called from a goroutine of its own when keys differ that may
// change; it checks everything before it changes anything, and its error keeps
// the old configuration. say takes lines for stderr; nil writes them. The
// returned function ends watching and waits for an apply under way.
func watchConfig(ctx context.Context, apply func(*configChange) error, say func(string)) (stop func()) {
	st, ok := ctx.Value(configStateKey{}).(*configState)
	if !ok { // nobody configured the command: a test
		return func() {}
	}
	if say == nil {
		say = func(line string) { fmt.Fprintln(os.Stderr, line) }
	}
	r := &reloader{st: st, running: st.settings, told: make(map[string]config.Value), apply: apply, say: say}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	w := &config.Watch{File: st.file, Content: st.settings.Content, Hangup: hup, Reload: r.reload, Trouble: func(err error) {
		say(fmt.Sprintf("wirespan: %v", err))
	}}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.Run(ctx) })
	return func() {
		signal.Stop(hup)
		cancel()
		wg.Wait()
	}
}

// configFolders are the folders that a command goes on reading its
// configuration from; none if it has no file.
func configFolders(ctx context.Context) []string {
	if st, ok := ctx.Value(configStateKey{}).(*configState); ok && st.file != "" {
		return config.Folders(st.file)
	}
	return nil
}

// reload reads all sources anew and takes over what may change.
func (r *reloader) reload(asked bool) {
	next, err := r.st.load()
	if err != nil {
		r.say("wirespan: the configuration stays as it was:\n" + err.Error())
		return
	}
	for _, w := range next.Warnings {
		r.say("wirespan: " + w)
	}
	take, late := r.sort(next)
	for _, k := range late {
		r.say(fmt.Sprintf("wirespan: key %s changed: takes effect after a restart", k))
	}
	if len(take) == 0 {
		if asked && len(late) == 0 {
			r.say("wirespan: configuration read again: nothing changed")
		}
		return
	}
	names := make([]string, len(take))
	for i, k := range take {
		names[i] = k.Name
	}
	merged := r.running.With(next, take)
	if err := r.apply(&configChange{keys: names, next: merged}); err != nil {
		r.say("wirespan: the configuration stays as it was: " + err.Error())
		return
	}
	r.running = merged
	r.say("wirespan: configuration changed: " + strings.Join(names, ", "))
}

// sort splits what differs from the running configuration into keys to take
// over and names of keys to tell of, each value of these once.
func (r *reloader) sort(next *config.Settings) (take []*config.Key, late []string) {
	differ := make(map[string]bool)
	for _, k := range r.running.Changes(next, r.st.command) {
		if k.Rule.Reload {
			take = append(take, k)
			continue
		}
		differ[k.Flag] = true
		v := next.Of(k, r.st.command)
		if have, ok := r.told[k.Flag]; !ok || !have.Equal(v) {
			r.told[k.Flag] = v
			late = append(late, k.Name)
		}
	}
	for flag := range r.told {
		if !differ[flag] { // it is back
			delete(r.told, flag)
		}
	}
	return take, late
}
