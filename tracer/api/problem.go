package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/query"
)

// Problem is why a request was not answered (RFC 9457, application/problem+json).
type Problem struct {
	Type      string `json:"type" doc:"urn:wirespan:problem: and one of query, parameter, body, not-found, method, forbidden, timeout, busy, gone, failed"`
	Title     string `json:"title" doc:"the kind of problem in words"`
	Status    int    `json:"status" doc:"HTTP status"`
	Detail    string `json:"detail,omitempty" doc:"what is wrong with this request"`
	Parameter string `json:"parameter,omitempty" doc:"the parameter that is wrong"`
	Position  *int   `json:"position,omitempty" doc:"byte of the parameter's value at which the wrong word begins"`
	Length    *int   `json:"length,omitempty" doc:"bytes of the wrong word; 0 at the end of the value"`
	Marker    string `json:"marker,omitempty" doc:"the value, and below it a line that marks the word"`
}

// Error is what is wrong, in a line.
func (p *Problem) Error() string {
	if p.Parameter != "" {
		return p.Parameter + ": " + p.Detail
	}
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

func problem(kind string, status int, title, format string, args ...any) *Problem {
	return &Problem{Type: "urn:wirespan:problem:" + kind, Title: title, Status: status, Detail: fmt.Sprintf(format, args...)}
}

// BadBody says that the body of a request cannot be read, or is of too many bytes.
func BadBody(status int, why string) *Problem {
	return problem("body", status, "the body of the request cannot be taken", "%s", why)
}

// ProblemOf turns what went wrong into a problem without what a store says, which may
// name hosts and paths.
func ProblemOf(err error) *Problem { return problemOf(err) }

// Write answers with the problem.
func (p *Problem) Write(w http.ResponseWriter) { writeProblem(w, p) }

// MethodNotAllowed answers requests of other methods than those listed, "GET, HEAD".
func MethodNotAllowed(w http.ResponseWriter, allowed string) {
	w.Header().Set("Allow", allowed)
	writeProblem(w, problem("method", http.StatusMethodNotAllowed, "the method is not allowed", "this path takes %s only", allowed))
}

// badParameter says that the value of a parameter cannot be read.
func badParameter(name, format string, args ...any) *Problem {
	p := problem("parameter", http.StatusBadRequest, "a parameter is wrong", format, args...)
	p.Parameter = name
	return p
}

// badQuery points at the word of a filter that is wrong.
func badQuery(name string, err error) *Problem {
	p := problem("query", http.StatusBadRequest, "the filter cannot be read", "%s", err)
	p.Parameter = name
	var se *query.SyntaxError
	if errors.As(err, &se) {
		p.Position, p.Length, p.Marker = &se.Pos, &se.Len, se.Render()
	}
	return p
}

func notFound(format string, args ...any) *Problem {
	return problem("not-found", http.StatusNotFound, "there is no such thing", format, args...)
}

// problemOf turns what went wrong into a problem. What a store says stays here:
// it may name hosts and paths.
func problemOf(err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, assemble.ErrNotFound):
		return notFound("no span of this trace is kept")
	case errors.Is(err, context.DeadlineExceeded):
		return problem("timeout", http.StatusGatewayTimeout, "there was not enough time", "ask for less: a shorter time, a service, or a smaller limit")
	case errors.Is(err, context.Canceled):
		return problem("gone", 499, "the client went away", "")
	}
	return problem("failed", http.StatusInternalServerError, "the store could not be asked", "the reason is in the log of the server")
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	b, err := json.Marshal(p)
	if err != nil { // cannot be: texts and numbers
		b = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)+1))
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(b, '\n')) // the client is gone, then
}
