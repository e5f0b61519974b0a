package api

import (
	"context"
	"errors"
	"net/http"
)

// packets streams what was recorded of a span. It is a right of its own: payload
// may be in it.
func (a *API) packets(ctx context.Context, r *request) (any, error) {
	if a.MayPackets == nil || !a.MayPackets(r.http) {
		return nil, problem("forbidden", http.StatusForbidden, "packets are a right of their own", "this request does not have it")
	}
	if a.Packets == nil || !a.Packets.Recording() {
		return nil, notFound("this server records no packets")
	}
	list, err := a.chosen(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &late{w: r.w, name: list[0].ID.String() + ".pcapng"}
	for i := range list {
		err = a.Packets.WritePackets(ctx, &list[i], out)
		if !errors.Is(err, ErrNoPackets) {
			break
		}
	}
	switch {
	case err == nil && !out.begun:
		return nil, notFound("no packets of this span were recorded, or they were overwritten")
	case errors.Is(err, ErrNoPackets) && !out.begun:
		return nil, notFound("no packets of this span were recorded, or they were overwritten")
	case err != nil && out.begun:
		panic(http.ErrAbortHandler) // the client must not take what it has for all
	case err != nil:
		return nil, err
	}
	return written{}, nil
}

// late writes the head of a response when there is something to send.
type late struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

// Write sends bytes.
func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		h := l.w.Header()
		h.Set("Content-Type", "application/vnd.tcpdump.pcap")
		h.Set("Content-Disposition", `attachment; filename="`+l.name+`"`)
	}
	return l.w.Write(b)
}
