package complete

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/wirespan/wirespan/tracer/assemble"
	"github.com/wirespan/wirespan/tracer/store"
)

// flowRequest is the body of L7FlowTracing. _id is that of a row of an answer here: a
// span id.
type flowRequest struct {
	settings
	Database   string          `json:"database"`
	Table      string          `json:"table"`
	ID         json.RawMessage `json:"_id"`
	TraceID    string          `json:"trace_id"`
	From       int64           `json:"time_start"` // s
	To         int64           `json:"time_end"`
	ClockError *int64          `json:"host_clock_offset_us"`
	Attributes int             `json:"has_attributes"` // 1: rows have their attributes
}

// byFlow answers with the trace of a row, or of a trace id.
func (a *API) byFlow(ctx context.Context, w http.ResponseWriter, r *http.Request) (answered, error) {
	var q flowRequest
	if err := a.decode(w, r, &q); err != nil {
		return answered{}, err
	}
	shown, err := q.valid()
	if err != nil {
		return answered{}, err
	}
	t, err := a.trace(ctx, &q)
	if errors.Is(err, assemble.ErrNotFound) {
		return answered{data: flowTracing{Tracing: []flowRow{}, Services: []service{}}}, nil
	}
	if err != nil {
		return answered{}, err
	}
	v := view{shown: shown, attributes: q.Attributes != 0}
	return answered{flowTracing{Tracing: flowRowsOf(t, &v), Services: servicesOf(t)}, t.Limits}, nil
}

func (q *flowRequest) valid() (shown map[store.Signal]bool, err error) {
	if q.Database != "" && q.Database != "flow_log" {
		return nil, bad("DATABASE: %.100q, there is flow_log only", q.Database)
	}
	if q.Table != "" && q.Table != "l7_flow_log" {
		return nil, bad("TABLE: %.100q, there is l7_flow_log only", q.Table)
	}
	const most = 1 << 33 // s
	if q.From < 0 || q.To < q.From || q.To > most {
		return nil, bad("TIME_START, TIME_END: %d and %d are no times in seconds, one behind the other", q.From, q.To)
	}
	if q.ClockError != nil && *q.ClockError < 1 {
		return nil, bad("HOST_CLOCK_OFFSET_US: %d, want at least 1", *q.ClockError)
	}
	return q.check()
}

// trace assembles what was asked for. The time says where to begin; what belongs to the
// trace may lie outside.
func (a *API) trace(ctx context.Context, q *flowRequest) (*assemble.Trace, error) {
	w := store.Window{From: q.From * 1e9, To: q.To * 1e9}
	if q.To != 0 {
		w.To += 1e9 // the second belongs to it
	}
	if q.TraceID != "" {
		id, ok := traceID(q.TraceID)
		if !ok {
			return nil, bad("trace_id: %.100q is no trace id", q.TraceID)
		}
		return a.Assembler.Trace(ctx, id, w)
	}
	text := strings.Trim(string(q.ID), `"`)
	id, ok := spanID(text)
	if !ok || id.IsZero() || text == "null" {
		return nil, bad("_id or trace_id: one is required")
	}
	var seed []store.Span
	search := store.Query{Window: w, Keys: []store.Key{store.SpanKey(id)}}
	err := a.Store.Search(ctx, &search, func(s *store.Span) bool {
		if s.ID == id {
			seed = append(seed, s.Clone())
		}
		return seed == nil
	})
	if err != nil {
		return nil, err
	}
	if seed == nil {
		return nil, assemble.ErrNotFound
	}
	return a.Assembler.Around(ctx, seed)
}
