package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/wirespan/wirespan/tracer/otlp"
)

// otelBatch is what the variables of the batch span processor say
// (Environment Variable Specification, "Batch Span Processor"). Zero fields
// say nothing.
type otelBatch struct {
	delay   time.Duration // OTEL_BSP_SCHEDULE_DELAY: how long a batch may fill
	spans   int           // OTEL_BSP_MAX_EXPORT_BATCH_SIZE: of one request
	queue   int           // OTEL_BSP_MAX_QUEUE_SIZE: spans that wait
	patient time.Duration // OTEL_BSP_EXPORT_TIMEOUT: for one batch, with all attempts
}

// readOTelBatch reads the variables.
func readOTelBatch() (b otelBatch, err error) {
	for _, v := range []struct {
		name string
		into *time.Duration
	}{{"OTEL_BSP_SCHEDULE_DELAY", &b.delay}, {"OTEL_BSP_EXPORT_TIMEOUT", &b.patient}} {
		if *v.into, err = otelMillis(v.name, os.Getenv(v.name)); err != nil {
			return b, err
		}
	}
	for _, v := range []struct {
		name string
		into *int
	}{{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &b.spans}, {"OTEL_BSP_MAX_QUEUE_SIZE", &b.queue}} {
		text := os.Getenv(v.name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n <= 0 {
			return b, fmt.Errorf("%s %q: want a number of spans", v.name, text)
		}
		*v.into = int(n)
	}
	return b, nil
}

// maxParcels bounds what OTEL_BSP_MAX_QUEUE_SIZE can ask for.
const maxParcels = 1 << 16

// apply changes an export. The queue is counted in batches here; that of an
// SDK in spans.
func (b otelBatch) apply(c *otlp.ExportConfig) {
	if b.delay > 0 {
		c.BatchDelay = b.delay
	}
	if b.spans > 0 {
		c.BatchSpans = b.spans
	}
	if b.queue > 0 {
		c.Queue.Parcels = min((b.queue+c.BatchSpans-1)/c.BatchSpans, maxParcels)
	}
	if b.patient > 0 {
		c.Queue.Retry.Total = b.patient
	}
}
