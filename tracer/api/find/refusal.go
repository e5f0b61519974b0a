package find

import (
	"context"
	"errors"
	"fmt"
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

// Status is that of HTTP for what a question ended with.
func Status(err error) int {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return r.Status
	case errors.Is(err, assemble.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}
