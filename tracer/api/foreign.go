package api

import "github.com/wirespan/wirespan/tracer/assemble"

// AppendOTLP writes an assembled trace as OTLP JSON (TracesData): for the APIs of
// others, whose clients read it, too.
func AppendOTLP(b []byte, t *assemble.Trace) []byte { return appendOTLP(b, t) }

// TraceOf is an assembled trace as this API writes it. It keeps nothing of t.
func TraceOf(t *assemble.Trace) *Trace { return traceOf(t) }
