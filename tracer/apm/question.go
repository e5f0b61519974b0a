package apm

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/fields"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	"github.com/wirespan/wirespan/tracer/ingest/skywalking"
	"github.com/wirespan/wirespan/tracer/ingest/zipkin"
	"github.com/wirespan/wirespan/tracer/span"
)

const (
	typeJSON     = "application/json"
	typeProtobuf = "application/protobuf"
)

// inquiry is what is learned beside the spans.
type inquiry struct {
	note string // what the source says that it left out
	size int    // bytes of its answers, which the spans keep alive
}

// question asks for a trace in the way of the source's API.
func (s *source) question(ctx context.Context, q *inquiry, b *batch.Batch, id span.TraceID, names []string) error {
	switch s.kind {
	case SkyWalking:
		return s.askSkyWalking(ctx, q, b, id, names)
	case Tempo:
		return s.askTempo(ctx, q, b, id)
	}
	path, decode := "/api/traces/", decodeJaeger
	switch s.kind {
	case JaegerV3:
		path, decode = "/api/v3/traces/", otlp.DecodeAnswer
	case Zipkin:
		path, decode = "/api/v2/trace/", zipkin.Decode
	}
	a, err := s.get(ctx, q, path+short(id), typeJSON)
	if err != nil {
		return err
	}
	return decode(b, a.text)
}

// short is the id in 16 digits if it has no more: Jaeger and Zipkin have shown ids of
// 64 bits so, and take both.
func short(id span.TraceID) string {
	if [8]byte(id[:8]) == [8]byte{} {
		return hex.EncodeToString(id[8:])
	}
	return id.String()
}

// askSkyWalking asks by every form of the id until one is known.
func (s *source) askSkyWalking(ctx context.Context, q *inquiry, b *batch.Batch, id span.TraceID, names []string) error {
	for _, name := range skyWalkingNames(id, names) {
		question, err := json.Marshal(map[string]any{"query": skywalking.Query, "variables": map[string]string{"id": name}})
		if err != nil {
			return fmt.Errorf("make question: %w", err)
		}
		a, err := s.do(ctx, q, "POST", "/graphql", typeJSON, bytes.NewReader(question))
		if errors.Is(err, errMissing) {
			return errors.New("answered 404: there is no /graphql below the URL")
		}
		if err != nil {
			return err
		}
		if err := skywalking.DecodeTrace(b, a.text); err != nil {
			return err
		}
		if b.Received() > 0 {
			return nil
		}
	}
	return errMissing
}

// maxNames bounds how often one trace is asked for.
const maxNames = 4

// skyWalkingNames are the forms in which SkyWalking may know a trace: as seen on the
// wire, else as a UUID, which agents that are not Java's use, with dashes or without.
func skyWalkingNames(id span.TraceID, names []string) []string {
	list := slices.Clone(names[:min(len(names), maxNames)])
	if len(list) == 0 {
		h := id.String()
		list = []string{h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], h}
	}
	return list
}

// tempoVersion remembers which API a Tempo has: 0 not known, else 1 or 2.
type tempoVersion struct{ atomic.Int32 }

// askTempo asks by the second version of the API, and by the first one as long as the
// second never answered: Tempo has it since 2.7, and says 404 of a trace, too.
func (s *source) askTempo(ctx context.Context, q *inquiry, b *batch.Batch, id span.TraceID) error {
	if s.tempo.Load() != 1 {
		a, err := s.get(ctx, q, "/api/v2/traces/"+id.String(), typeProtobuf)
		if err == nil {
			s.tempo.Store(2)
			return decodeTempo(b, q, a)
		}
		if !errors.Is(err, errMissing) || s.tempo.Load() == 2 {
			return err
		}
	}
	a, err := s.get(ctx, q, "/api/traces/"+id.String(), typeProtobuf)
	if err != nil {
		return err
	}
	s.tempo.CompareAndSwap(0, 1)
	if a.isJSON() {
		return otlp.DecodeAnswer(b, a.text)
	}
	return otlp.Decode(b, a.text) // tempopb.Trace is TracesData
}

// isJSON reports whether an answer is JSON, though protobuf was asked for.
func (a *body) isJSON() bool {
	return a.kind == typeJSON || a.kind == "" && strings.HasPrefix(a.text, "{")
}

// decodeTempo reads tempopb.TraceByIDResponse: trace = 1, which is TracesData, status =
// 3 (1: partial), message = 4.
func decodeTempo(b *batch.Batch, q *inquiry, a body) error {
	if a.isJSON() {
		return otlp.DecodeAnswer(b, a.text)
	}
	partial, words := false, ""
	r := fields.New(a.text)
	for r.Next() {
		switch r.Tag {
		case 1<<3 | fields.Bytes:
			if err := otlp.Decode(b, r.Str); err != nil {
				return err
			}
		case 3<<3 | fields.Varint:
			partial = r.Num == 1
		case 4<<3 | fields.Bytes:
			words = r.Str
		}
	}
	if partial {
		q.note = "a part of the trace only: " + words
	}
	return r.Err()
}
