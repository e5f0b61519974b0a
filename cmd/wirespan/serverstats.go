package main

import (
	"fmt"
	"io"

	"github.com/wirespan/wirespan/tracer/metric"
	"github.com/wirespan/wirespan/tracer/otlp"
	"github.com/wirespan/wirespan/tracer/sink"
	"github.com/wirespan/wirespan/tracer/spill"
)

// exporterStats counts what became of spans, whether they went by the disk or not.
func (o *outputs) exporterStats(x *otlp.Exporter) sink.Stats {
	s := x.Stats()
	if x != o.server || o.spill == nil {
		return s
	}
	// What is on disk was handed over as far as the queue knows.
	d := o.spill.Stats()
	s.Sent = s.Sent + d.Delivered - min(d.Buffered, s.Sent+d.Delivered)
	s.Rejected = s.Rejected - min(d.Refused, s.Rejected) + d.Rejected
	s.Dropped += d.Refused + d.Lost
	if s.LastError == nil || d.LastError != nil {
		s.LastError = d.LastError
	}
	return s
}

// printBuffer adds to the summary what --buffer did.
func (o *outputs) printBuffer(w io.Writer) {
	if o == nil || o.spill == nil {
		return
	}
	s := o.spill.Stats()
	var l list
	l.add(s.Buffered, "spans written")
	l.add(s.Delivered, "sent from there")
	l.add(uint64(s.Spans), "left for the next run")
	l.add(s.Refused, "without room")
	l.add(s.Lost, "in damaged files")
	l.add(s.Torn, "bytes of a record that was cut short")
	l.print(w, "buffer")
	if s.Spans > 0 && s.LastError != nil {
		fmt.Fprintf(w, "%-12s %v\n", "", s.LastError)
	}
}

// bufferFamilies tell what is on disk.
func bufferFamilies(s *spill.Sender) []metric.Family {
	if s == nil {
		return nil
	}
	st := s.Stats()
	spans := metric.Counter("wirespan.buffer.spans", "{span}", "spans by what --buffer did with them")
	spans.Add(float64(st.Buffered), "result", "written")
	spans.Add(float64(st.Delivered), "result", "sent")
	spans.Add(float64(st.Rejected), "result", "rejected")
	spans.Add(float64(st.Refused), "result", "no_room")
	spans.Add(float64(st.Lost), "result", "damaged")
	failing := 0.0
	if st.LastError != nil {
		failing = 1
	}
	return []metric.Family{
		spans,
		oneGauge("wirespan.buffer.waiting", "{span}", "spans on disk that the server does not have yet", float64(st.Spans)),
		oneGauge("wirespan.buffer.size", "By", "bytes on disk", float64(st.Bytes)),
		oneGauge("wirespan.buffer.failing", "", "1 while the server does not take spans", failing),
		oneCount("wirespan.buffer.torn", "By", "bytes of records that were cut short, found at start", st.Torn),
	}
}
