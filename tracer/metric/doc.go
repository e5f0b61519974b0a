// Package metric holds what wirespan measures about itself and about the
// services it sees, and the two ways in which that leaves: a Collector that
// Prometheus scrapes, and a Pusher that exports over OTLP.
//
// Both work on Families, which whoever measures makes when asked (Gather), so
// that they cannot disagree. Names are those of OpenTelemetry; PromName turns
// them into what Prometheus expects. A Family belongs to the caller of Gather;
// nothing here keeps it.
//
// The package stands beside the line of rooms. It counts nothing, knows no
// packet and reads the clock only to push.
//
//	c := metric.NewCollector(func() []metric.Family {
//		f := metric.Counter("wirespan.capture.packets", "{packet}", "packets captured")
//		f.Add(42, "wirespan.capture.point", "eth0")
//		return []metric.Family{f}
//	})
package metric
