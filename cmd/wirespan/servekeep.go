package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/span"
)

// keepFlags are those of read, live and mirror that keep spans in this process, and
// answer questions about them, as serve does.
type keepFlags struct {
	store storeFlags
	house houseFlags
}

func (k *keepFlags) add(f *pflag.FlagSet) {
	k.store.addStore(f, 0)
	k.house.addUI(f, "")
	hide(f, "limit-body", "limit-requests", "limit-client", "limit-time")
}

// wanted reports whether spans are kept in this process.
func (k *keepFlags) wanted() bool { return k.store.dir != "" || k.house.ui != "" }

// listener is the address of --ui, empty without.
func (k *keepFlags) listener() string {
	addr, err := hostPort("--ui", k.house.ui)
	if k.house.ui == "" || err != nil {
		return ""
	}
	return addr
}

// keep is a house beside a pipeline, whose spans it stores.
type keep struct {
	house  *house
	sink   *storeSink
	name   string // of the store, among receivers
	cancel context.CancelFunc
	beside sync.WaitGroup
}

// openKeep opens the house of --store and --ui. It answers at once.
func (o *options) openKeep(keys *span.Keys) (*keep, error) {
	log := o.voiceLog()
	h, err := openDoors(&o.keeping.house, keys, log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	st, err := o.keeping.store.open(ctx, log)
	if err != nil {
		cancel()
		h.closeDoors()
		return nil, err
	}
	k := &keep{house: h, name: "store " + st.name, cancel: cancel}
	if err := h.furnish(st, false); err != nil {
		k.close(ctx)
		return nil, &statusError{exitPartial, err}
	}
	q := sink.DefaultQueue()
	if o.paced {
		q.Bytes = liveQueue
	} else {
		q.Block, q.Retry.Total = true, offlinePatience
	}
	if k.sink, err = newStoreSink(h.store, keys, otlpConfig(o), q, h.agents.saw); err != nil {
		k.close(ctx)
		return nil, &statusError{exitPartial, err}
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	k.beside.Go(func() {
		defer signal.Stop(hup)
		h.reloads(ctx, hup, nil)
	})
	h.serve()
	return k, nil
}

// voiceLog is a log whose lines people see between what a run tells them.
func (o *options) voiceLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(voiceWriter(o.say), &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// voiceWriter writes lines.
type voiceWriter func(line string)

func (w voiceWriter) Write(b []byte) (int, error) {
	w(strings.TrimSpace(string(b)))
	return len(b), nil
}

// linger goes on answering until ctx ends, if there is --ui.
func (k *keep) linger(ctx context.Context, o *options) {
	if k == nil || len(k.house.doors) == 0 || ctx.Err() != nil {
		return
	}
	o.say(fmt.Sprintf("the input has ended; serving on %s until interrupted", k.house.where()))
	select {
	case <-ctx.Done():
	case err := <-k.house.failures:
		o.say(err.Error())
	}
}

// close ends the house, after the sink was closed.
func (k *keep) close(ctx context.Context) {
	if k == nil {
		return
	}
	k.cancel()
	k.beside.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepDrain)
	defer cancel()
	if err := k.house.drain(ctx); err != nil {
		k.house.log.Warn("not everything ended well", "error", err)
	}
}

// keepDrain bounds the requests under way at the end.
const keepDrain = 5 * time.Second
