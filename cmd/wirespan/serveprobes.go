package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// probeTime bounds how long a store may take to say that it is there.
const probeTime = 5 * time.Second

// healthz says whether this process should go on: it answers, and so does its store.
func (h *house) healthz(w http.ResponseWriter, r *http.Request) {
	if h.state.Load() == houseDraining {
		fmt.Fprintln(w, "draining")
		return
	}
	if err := h.alive(r.Context()); err != nil {
		tellNot(w, "the store does not answer")
		return
	}
	fmt.Fprintln(w, "ok")
}

// readyz says whether requests should come here.
func (h *house) readyz(w http.ResponseWriter, r *http.Request) {
	if h.state.Load() != houseOpen {
		tellNot(w, "not open")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), probeTime)
	defer cancel()
	st, err := h.store.Stats(ctx)
	switch {
	case err != nil:
		tellNot(w, "the store does not answer")
	case st.Full != "":
		tellNot(w, "the store is full; it can be read")
	default:
		fmt.Fprintln(w, "ready")
	}
}

// alive asks the store, if it is a part of this process: one elsewhere comes back
// without a restart of this one.
func (h *house) alive(ctx context.Context) error {
	if k := h.kept; k != nil && k.kept && k.dir == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	_, err := h.store.Stats(ctx)
	return err
}

func tellNot(w http.ResponseWriter, why string) {
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintln(w, why)
}
