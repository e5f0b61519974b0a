package main

import (
	"context"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"
	"github.com/wirespan/wirespan/bpf/sys/kernel"
)

// ladderTime bounds the trial of all tiers.
const ladderTime = 30 * time.Second

// tierWords say what a tier tells, for doctor.
var tierWords = map[sys.Tier]string{
	sys.Sock:    "threads of all calls, io_uring and sendfile included; costs nothing where no socket is",
	sys.Fexit:   "threads of all calls, io_uring included",
	sys.Syscall: "threads of system calls, not of io_uring; costs every read and write of the host a little",
	sys.Legacy:  "threads of system calls on connections that begin while wirespan runs",
}

// tierSection tries every tier of the eBPF module: loads, attaches, and has it
// tell of a connection over loopback. Nothing is left behind.
func tierSection(ctx context.Context, l *liveOptions) section {
	s := section{Name: "tiers of live --sys, the best first"}
	cfg := kernel.Default()
	if l != nil {
		if c, err := l.sys.config(); err == nil && c != nil {
			cfg.Ring = c.Ring
		}
	}
	ctx, cancel := context.WithTimeout(ctx, ladderTime)
	defer cancel()
	report := kernel.Probe(ctx, cfg)
	if len(report) == 0 {
		s.add(markNote, "eBPF", "Linux only")
	}
	taken := report.Taken()
	for _, a := range report {
		switch {
		case a.Reason != "":
			s.add(markNote, a.Tier.String(), "%s", a.Reason)
		case a.Tier == taken:
			s.add(markOK, a.Tier.String(), "works, and is taken: %s", tierWords[a.Tier])
		default:
			s.add(markOK, a.Tier.String(), "works: %s", tierWords[a.Tier])
		}
	}
	s.add(markOK, sys.Procfs.String(), "which process owns a connection, without threads; live does it in any case")
	return s
}
