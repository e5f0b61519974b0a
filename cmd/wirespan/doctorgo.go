package main

import (
	"context"
	"fmt"
	"os"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/goroutines"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// goSection says whether goroutines can be told and what that needs: the tier,
// a look into executables, and for --sys-go-wake a probe, which is tried on this
// program itself. Nothing is left behind.
func (h *hostFacts) goSection(ctx context.Context, l *liveOptions) section {
	s := section{Name: "goroutines of live --sys"}
	h.goRights(&s, l)
	ctx, cancel := context.WithTimeout(ctx, ladderTime)
	defer cancel()
	src, _, err := kernel.Open(ctx, kernel.Default())
	if err != nil {
		s.add(markNote, "module", "no tier works, so there are none")
		return s
	}
	defer src.Close() //nolint:errcheck // nothing was written
	g, ok := src.(kernel.Goroutines)
	if !ok || src.Tier() == sys.Legacy {
		s.add(markNote, "module", "tier %s tells none", src.Tier())
		return s
	}
	if own := g.Own(); own != uint32(os.Getpid()) {
		s.add(markWarning, "processes", "wirespan is in a process namespace of its own (%d, to the kernel %d), and cannot tell which processes are Go", os.Getpid(), own)
		s.fix("run the container with the host's processes: --pid=host, or hostPID: true")
		return s
	}
	s.add(markOK, "module", "tier %s tells them", src.Tier())
	if err := probeOurselves(g); err != nil {
		s.add(markNote, "--sys-go-wake", "no probe can be set: %v", err)
	} else {
		s.add(markOK, "--sys-go-wake", "works: a probe in runtime.ready of this program was set and taken away; CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are kept with it")
	}
	return s
}

// goRights are those without which the programs of other users are not looked
// into.
func (h *hostFacts) goRights(s *section, l *liveOptions) {
	const name = "CAP_SYS_PTRACE"
	switch {
	case !h.has(capSysPtrace):
		s.add(markNote, name, "missing: goroutines of our own programs only, /proc/PID/exe of other users is not shown")
		s.fix("sudo setcap cap_net_raw,cap_bpf,cap_perfmon,cap_sys_ptrace+ep %s", h.exe)
	case l != nil && (l.processes || len(l.sys.goWake) > 0):
		s.add(markOK, name, "for goroutines of other users' programs, those that begin later, too")
	default:
		s.add(markOK, name, "for goroutines of other users' programs that run when live starts; --processes keeps it, for later ones")
	}
}

// probeOurselves sets the probe of --sys-go-wake in this process, and takes it
// away.
func probeOurselves(g kernel.Goroutines) error {
	const exe = "/proc/self/exe"
	f, err := os.Open(exe)
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := goroutines.Inspect(f)
	switch {
	case err != nil:
		return fmt.Errorf("this program: %w", err)
	case p.ReadyErr != nil:
		return p.ReadyErr
	}
	if err := g.SetGo(g.Own(), goOffsets(p)); err != nil {
		return err
	}
	if err := g.WakeGo(os.Getpid(), g.Own(), exe, p.Ready, 1); err != nil {
		return err
	}
	return g.UnwakeGo(g.Own())
}
