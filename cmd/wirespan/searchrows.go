package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/tracer/api"
	"github.com/wirespan/wirespan/tracer/show"
	"github.com/wirespan/wirespan/tracer/span"
)

// rowPrinter prints what was found.
type rowPrinter interface {
	print(list []json.RawMessage) error
}

// rows chooses how.
func (o *searchOptions) rows() (rowPrinter, error) {
	c, err := lookOf(o.color)
	if err != nil {
		return nil, err
	}
	keys := newKeys(all.Protos(), nil)
	switch {
	case o.json:
		return jsonRows{}, nil
	case o.list == "spans":
		return &spanRows{show.NewTable(os.Stdout, keys, c)}, nil
	}
	return &traceRows{show.NewTraces(os.Stdout, keys, c)}, nil
}

// lookOf is how output for people looks on standard output.
func lookOf(color string) (show.Config, error) {
	tty := term.IsTerminal(int(os.Stdout.Fd()))
	c := show.Config{ASCII: !utf8Locale(), Whole: !tty}
	var err error
	if c.Color, err = wantColor(color, tty); err != nil {
		return c, err
	}
	if tty {
		if width, _, e := term.GetSize(int(os.Stdout.Fd())); e == nil {
			c.Width = width
		}
	}
	return c, nil
}

// jsonRows prints rows as they came.
type jsonRows struct{}

func (jsonRows) print(list []json.RawMessage) error {
	var b []byte
	for _, r := range list {
		b = append(append(b, r...), '\n')
	}
	_, err := os.Stdout.Write(b)
	return err
}

type traceRows struct{ out *show.Traces }

func (t *traceRows) print(list []json.RawMessage) error {
	lines := make([]show.TraceLine, 0, len(list))
	for _, r := range list {
		var s api.Summary
		if err := json.Unmarshal(r, &s); err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		start, err := strconv.ParseInt(s.Start, 10, 64)
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		lines = append(lines, show.TraceLine{
			Trace: s.TraceID, Start: start, Duration: s.Duration, Service: s.Service, Name: s.Name, Outcome: s.Outcome,
			Failed: s.Status == "ERROR", Spans: s.Spans, Errors: s.Errors,
		})
	}
	return t.out.Write(lines)
}

type spanRows struct{ out *show.Table }

func (t *spanRows) print(list []json.RawMessage) error {
	spans := make([]span.Span, 0, len(list))
	for _, r := range list {
		s, err := rowSpan(r)
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		spans = append(spans, s)
	}
	return t.out.WriteSpans(context.Background(), spans) // does not block
}

// rowSpan is what the table shows of a span.
func rowSpan(r json.RawMessage) (out span.Span, err error) {
	var s api.Span
	if err = json.Unmarshal(r, &s); err != nil {
		return out, err
	}
	if out.Start, err = strconv.ParseInt(s.Start, 10, 64); err != nil {
		return out, err
	}
	if out.End, err = strconv.ParseInt(s.End, 10, 64); err != nil {
		return out, err
	}
	if _, err = hex.Decode(out.Trace[:], []byte(s.TraceID[:min(len(s.TraceID), 2*len(out.Trace))])); err != nil {
		return out, err
	}
	out.Service, out.Name = []byte(s.Service), []byte(s.Name)
	if s.Status == "ERROR" {
		out.Status = span.Error
	}
	server := s.Server
	if server == "" {
		server = s.Service
	}
	client := s.Client
	if client == "" && (s.Kind == "CLIENT" || s.Kind == "PRODUCER") {
		client = s.Service
	}
	for _, a := range []struct {
		key  span.Key
		text string
	}{
		{span.KeyCapturePoint, s.Point},
		{span.KeyClientAddress, client},
		{span.KeyServerAddress, server},
		{span.KeyNetworkProtocolName, s.Protocol},
	} {
		if a.text != "" {
			out.Attrs = span.AppendString(out.Attrs, a.key, a.text)
		}
	}
	if code, err := strconv.Atoi(s.Outcome); err == nil && s.Protocol == "http" {
		out.Attrs = span.AppendInt(out.Attrs, span.KeyHTTPResponseStatusCode, int64(code))
	} else if s.Outcome != "" {
		out.Attrs = span.AppendString(out.Attrs, span.KeyErrorType, s.Outcome)
	}
	return out, nil
}
