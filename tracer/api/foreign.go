package api

import "github.com/wirespan/wirespan/tracer/assemble"

// AppendOTLP writes an assembled trace as OTLP JSON (TracesData): for the APIs of
// others, whose clients read it, too.
func AppendOTLP(b []byte, t *assemble.Trace) []byte { return appendOTLP(b, t, hexID) }

// AppendProtoJSON writes the same as protobuf's mapping to JSON has it, with ids in
// base64: Tempo answers so.
func AppendProtoJSON(b []byte, t *assemble.Trace) []byte { return appendOTLP(b, t, base64ID) }

// TraceOf is an assembled trace as this API writes it. It keeps nothing of t.
func TraceOf(t *assemble.Trace) *Trace { return traceOf(t) }
