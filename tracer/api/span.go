package api

import (
	"net"
	"strconv"
	"time"

	"github.com/wirespan/wirespan/tracer/span"
	"github.com/wirespan/wirespan/tracer/store"
)

// Span is a span as it was sent.
type Span struct {
	TraceID    string     `json:"trace_id" doc:"32 hex digits, as sent; the assembled trace may go by another"`
	SpanID     string     `json:"span_id" doc:"16 hex digits"`
	ParentID   string     `json:"parent_id,omitempty" doc:"as sent; where it hangs in the assembled tree may differ"`
	Name       string     `json:"name"`
	Service    string     `json:"service" doc:"service.name"`
	Instance   string     `json:"instance,omitempty" doc:"service.instance.id"`
	Agent      string     `json:"agent,omitempty" doc:"wirespan.agent"`
	Signal     string     `json:"signal" enum:"APP,NET,SYS" doc:"who saw it: an SDK, packets, or system calls"`
	Kind       string     `json:"kind" enum:"UNSPECIFIED,INTERNAL,SERVER,CLIENT,PRODUCER,CONSUMER"`
	Status     string     `json:"status" enum:"UNSET,OK,ERROR"`
	Message    string     `json:"status_message,omitempty"`
	Time       string     `json:"time" doc:"start, RFC 3339, UTC, by the clock of who sent it"`
	Start      string     `json:"start_ns" doc:"ns since 1970, as a string of digits"`
	End        string     `json:"end_ns" doc:"ns since 1970, as a string of digits"`
	Duration   int64      `json:"duration_ns" doc:"at most 2^53-1"`
	Protocol   string     `json:"protocol,omitempty"`
	Outcome    string     `json:"outcome,omitempty" doc:"status code of the protocol, error.type, or what is missing"`
	Client     string     `json:"client,omitempty" doc:"client.address"`
	Server     string     `json:"server,omitempty" doc:"server.address and port"`
	Point      string     `json:"point,omitempty" doc:"wirespan.capture.point"`
	State      string     `json:"trace_state,omitempty" doc:"tracestate"`
	Scope      string     `json:"scope,omitempty" doc:"instrumentation scope"`
	Attributes Attributes `json:"attributes"`
	Resource   Attributes `json:"resource" doc:"of its resource, beside service, instance and agent"`
	Events     []Event    `json:"events,omitempty" doc:"what happened within it"`
	Links      []Link     `json:"links,omitempty" doc:"to spans of other traces, or other candidates for its parent"`
}

// Event is something that happened within a span.
type Event struct {
	Time       string     `json:"time_ns" doc:"ns since 1970, as a string of digits"`
	Name       string     `json:"name"`
	Attributes Attributes `json:"attributes"`
}

// Link points to another span.
type Link struct {
	TraceID    string     `json:"trace_id"`
	SpanID     string     `json:"span_id"`
	Attributes Attributes `json:"attributes"`
}

// spanOf borrows the attributes of s.
func spanOf(s *store.Span) Span {
	call := store.CallOf(s)
	out := Span{
		TraceID: s.Trace.String(), SpanID: s.ID.String(), Name: s.Name, Service: s.Service, Instance: s.Instance, Agent: s.Agent,
		Signal: s.Signal.String(), Kind: kindName(s.Kind), Status: statusName(s.Status), Message: s.Message,
		Time: stamp(s.Start), Start: digits(s.Start), End: digits(s.End), Duration: exact(s.End - s.Start),
		Protocol: s.Protocol(), Outcome: outcome(s, &call), Client: call.Client.Address, Server: server(s, &call), Point: s.Text("wirespan.capture.point"),
		State: s.State, Scope: s.Scope, Attributes: s.Attrs, Resource: s.Resource,
	}
	if !s.Parent.IsZero() {
		out.ParentID = s.Parent.String()
	}
	for _, e := range s.Events {
		out.Events = append(out.Events, Event{digits(e.Time), e.Name, e.Attrs})
	}
	for _, l := range s.Links {
		out.Links = append(out.Links, Link{l.Trace.String(), l.ID.String(), l.Attrs})
	}
	return out
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

func kindName(k span.Kind) string {
	if k < span.Internal || k > span.Consumer {
		return "UNSPECIFIED"
	}
	return k.String()
}

func statusName(s span.Status) string {
	switch s {
	case store.Ok:
		return "OK"
	case span.Error:
		return "ERROR"
	}
	return "UNSET"
}

// outcome is how an exchange ended, in a word or two.
func outcome(s *store.Span, c *store.Call) string {
	out := c.Status
	if out == "" {
		out = s.Text("dns.response_code")
	}
	if e := s.Text("error.type"); e != "" && e != out {
		return join(out, e)
	}
	switch r := s.Text("wirespan.response"); r {
	case "":
		if out == "" && s.Status == span.Error {
			return "error"
		}
	case "none":
		if s.Text("error.type") == "" {
			return join(out, "no answer")
		}
	case "oneway":
		return join(out, "one-way")
	default:
		return join(out, r)
	}
	return out
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

// server is the server's name, or its address and port.
func server(s *store.Span, c *store.Call) string {
	name := c.Server.Address
	if name == "" {
		name = s.Text("peer.service")
	}
	if c.Server.Port == 0 || name == "" {
		return name
	}
	return net.JoinHostPort(name, digits(c.Server.Port))
}
