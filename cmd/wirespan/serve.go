package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/wirespan/wirespan/l7/all"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	house   houseFlags
	store   storeFlags
	drain   time.Duration
	profile string
	verbose bool
	privilegeFlags
}

// serveGCPercent is Go's own: a server's heap is what requests and the store's caches
// hold, and grows and shrinks with them.
const serveGCPercent = 100

func newServe() *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "store spans of agents and SDKs, assemble traces, answer queries",
		Long: `Takes spans of wirespan agents (--server) and of SDKs (OTLP, Zipkin, SkyWalking),
keeps them, and answers questions about the traces that they make, across all
agents.

It listens on this host only. On other addresses it wants TLS (--cert) and tokens
(--tokens), unless it is told to do without. SIGTERM ends it: requests under way are
answered, and what came is on disk. SIGHUP reads tokens and certificate again.`,
		Example: `  wirespan serve --store /var/lib/wirespan/store
  wirespan live --server grpc://127.0.0.1:4317
  wirespan serve --store DIR --ui 0.0.0.0:16680 --otlp-grpc 0.0.0.0:4317 \
      --cert server.pem --cert-key server.key --tokens tokens`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), o) },
	}
	o.add(cmd.Flags())
	return cmd
}

func (o *serveOptions) add(f *pflag.FlagSet) {
	o.house.addUI(f, defaultUI)
	o.house.addReceivers(f)
	o.store.addStore(f, defaultRetention)
	o.store.addClickHouse(f)
	f.DurationVar(&o.drain, "drain-timeout", liveDrain, "wait so long for requests under way at the end")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile to `FILE`")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log more")
	f.StringVar(&o.user, "user", "", "go on as user `NAME` once it listens (started as root)")
	f.BoolVar(&o.noSandbox, "no-sandbox", false, "do without landlock and seccomp")
}

// newLog makes the log of a service: lines of text, without the time where the
// journal adds it.
func newLog(verbose bool) *slog.Logger {
	c := &slog.HandlerOptions{}
	if verbose {
		c.Level = slog.LevelDebug
	}
	if os.Getenv("JOURNAL_STREAM") != "" {
		c.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
	}
	return slog.New(slog.NewTextHandler(os.Stderr, c))
}

// runServe serves until ctx ends.
func runServe(ctx context.Context, o *serveOptions) error {
	debug.SetGCPercent(serveGCPercent)
	log := newLog(o.verbose)
	h, err := openDoors(&o.house, newKeys(all.Protos(), nil), log)
	if err != nil {
		return err
	}
	defer h.closeDoors()
	if err := becomeUser(o.plan(false)); err != nil { // the store is the user's
		return &statusError{exitPartial, err}
	}
	st, err := o.store.open(ctx, log)
	if err != nil {
		return err
	}
	if err := h.furnish(st, true); err != nil {
		_ = st.Close(context.WithoutCancel(ctx))
		return &statusError{exitPartial, err}
	}
	err = o.serve(ctx, h)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.drain)
	defer cancel()
	if e := h.drain(ending); e != nil {
		log.Warn("not everything ended well", "error", e)
	}
	log.Info("stopped")
	return err
}

// serve is the time between open and closed doors.
func (o *serveOptions) serve(ctx context.Context, h *house) error {
	stop, err := startProfile(o.profile)
	if err != nil {
		return usage(err)
	}
	defer stop()
	n, err := newNotifier()
	if err != nil {
		h.log.Warn("the service manager will not hear from us", "error", err)
	}
	defer n.close()
	if err := o.sandbox(ctx, h); err != nil {
		return &statusError{exitPartial, err}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	beside, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	wg.Go(func() { h.reloads(beside, hup, n) })
	wg.Go(func() { n.watch(beside, func() bool { return h.alive(beside) == nil }) })
	h.serve()
	h.announce(ctx, &o.store, n)
	select {
	case <-ctx.Done():
		n.stopping()
		h.log.Info("stopping: requests under way are answered")
		return nil
	case err := <-h.failures:
		return &statusError{exitPartial, err}
	}
}

// announce says where it listens and what it keeps.
func (h *house) announce(ctx context.Context, s *storeFlags, n *notifier) {
	h.log.Info("serving", "listens", h.where(), "store", h.kept.name, "retention", s.retention, "tokens", h.gate.Guarded())
	if !h.kept.kept {
		h.log.Warn("spans are kept in memory, and gone after a restart; --store DIR keeps them")
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if st, err := h.store.Stats(ctx); err == nil {
		for _, r := range st.Repairs {
			h.log.Warn("the store was repaired", "what", r)
		}
	}
	n.ready("serving on " + h.where())
}

// reloads reads tokens and certificate again on SIGHUP.
func (h *house) reloads(ctx context.Context, hup <-chan os.Signal, n *notifier) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hup:
		}
		n.reloading()
		if err := h.flags.reload(ctx, h.gate, h.cert); err != nil {
			h.log.Error("reload failed; what was read before stays", "error", err)
		} else {
			h.log.Info("tokens and certificate were read again")
		}
		n.ready("serving on " + h.where())
	}
}

// sandbox gives up what a server does not need.
func (o *serveOptions) sandbox(ctx context.Context, h *house) error {
	plan := o.plan(false)
	plan.Group = ""
	plan.Read = append(append(plan.Read, configFolders(ctx)...), h.flags.files()...)
	plan.Write = append(plan.Write, h.writable(&o.store)...)
	report, err := dropPrivileges(plan)
	if err != nil {
		return fmt.Errorf("give up privileges: %w", err)
	}
	h.log.Debug("privileges given up", "what", privilegeLine(report))
	return nil
}
