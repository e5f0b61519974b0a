package kube

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const maxBackoff = time.Minute

// Source keeps a Pods up to date.
type Source struct {
	cfg    Config
	client *client
	pods   *Pods
	wake   chan struct{}

	mu     sync.Mutex
	report Report
}

// Report says how the cluster was reached. Counts are cumulative.
type Report struct {
	Synced       time.Time // of the last list that was complete; zero: none yet
	Pods         int
	PodsRefused  uint64 // beyond Config.MaxPods
	Lists        uint64
	Watches      uint64
	Events       uint64
	Gone         uint64 // watches that had to begin with a new list
	Unauthorized uint64
	Failures     uint64
	Error        string // the last one; empty since things work again
}

// New returns a Source. Nothing is asked before Run.
func New(cfg Config) (*Source, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Source{cfg: cfg, pods: newPods(cfg.MaxPods, cfg.Keep), wake: make(chan struct{}, 1)}
	s.client = newClient(&s.cfg)
	return s, nil
}

// Pods is what the Source knows.
func (s *Source) Pods() *Pods { return s.pods }

// Report returns the figures.
func (s *Source) Report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.report
	r.Pods, r.PodsRefused = s.pods.count()
	return r
}

// Run talks to the cluster until ctx is done. A cluster that cannot be reached
// is asked again, ever more rarely; what was known stays known.
func (s *Source) Run(ctx context.Context) {
	defer s.client.http.CloseIdleConnections()
	defer s.pods.stop()
	back := s.cfg.Backoff
	for ctx.Err() == nil {
		began := time.Now()
		var err error
		if s.cfg.Kubelet {
			err = s.poll(ctx)
		} else {
			err = s.follow(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > maxBackoff || err == nil {
			back = s.cfg.Backoff // it worked for a while
		}
		s.failed(err)
		wait := back/2 + rand.N(back) // so that the agents of a cluster do not come all at once
		var status *statusError
		if errors.As(err, &status) && status.after > wait {
			wait = status.after
		}
		back = min(2*back, maxBackoff)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (s *Source) failed(err error) {
	if err == nil {
		return
	}
	s.note(func(r *Report) {
		r.Failures++
		r.Error = err.Error()
		var status *statusError
		if errors.As(err, &status) && status.code == http.StatusUnauthorized {
			r.Unauthorized++
		}
	})
}

func (s *Source) note(f func(*Report)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.report)
}

// Ask makes a kubelet be asked soon, for a container that is not known. It
// never blocks.
func (s *Source) Ask() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// minPoll is the least time between two lists that Ask can bring about.
const minPoll = time.Second

// poll lists the kubelet's pods until it fails.
func (s *Source) poll(ctx context.Context) error {
	for {
		var list []*Pod
		if _, err := s.client.list(ctx, "/pods", nil, func(o *object) { list = s.keep(list, o) }); err != nil {
			return err
		}
		s.synced(list)
		asked := s.wake
		rest := time.NewTimer(s.cfg.Poll)
		least := time.After(minPoll)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				rest.Stop()
				return ctx.Err()
			case <-rest.C:
				waiting = false
			case <-asked:
				asked = nil
				rest.Reset(0)
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-least:
				}
			}
		}
	}
}

func (s *Source) keep(list []*Pod, o *object) []*Pod {
	if len(list) >= s.cfg.MaxPods {
		s.pods.refuse()
		return list
	}
	return append(list, o.pod(s.cfg.Labels))
}

func (s *Source) synced(list []*Pod) {
	now := time.Now()
	s.pods.replace(list, now)
	s.note(func(r *Report) {
		r.Lists++
		r.Synced, r.Error = now, ""
	})
}
