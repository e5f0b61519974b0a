package find

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/wirespan/wirespan/tracer/assemble"
)

// Refusal is a fault with a status of HTTP.
type Refusal struct {
	Status int
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// Bad says what is wrong with a request.
func Bad(format string, args ...any) error {
	return &Refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// Told is what a client is told of what a question ended with, with its status of
// HTTP. What a store says is logged instead, since it may name hosts and paths; log may
// be nil.
func Told(ctx context.Context, err error, log *slog.Logger, path string) *Refusal {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, assemble.ErrNotFound):
		return &Refusal{http.StatusNotFound, "trace not found"} // in the words of Jaeger and Tempo
	case errors.Is(err, context.DeadlineExceeded):
		return &Refusal{http.StatusGatewayTimeout, "there was not enough time: ask for a shorter time, a service, or fewer traces"}
	case errors.Is(err, context.Canceled):
		return &Refusal{499, "the client went away"}
	}
	if log != nil {
		log.LogAttrs(ctx, slog.LevelError, "question failed", slog.String("path", path), slog.Any("error", err))
	}
	return &Refusal{http.StatusInternalServerError, "the store could not be asked; the reason is in the log of the server"}
}
