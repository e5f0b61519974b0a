package main

import (
	"path/filepath"
	"testing"
)

// TestTopicsAcrossConnections names the topics of requests that have no more than
// an id: franz-go asks on one connection and fetches on another.
func TestTopicsAcrossConnections(t *testing.T) {
	t.Parallel()
	for name, byID := range map[string]int{"flow": 5, "gzip": 5, "txn": 4, "sasl": 1} {
		file := filepath.Join("../../l7/kafka/testdata", name+".pcap")
		n := 0
		for _, s := range spansOf(t, file) {
			id, topic := s.str("wirespan.kafka.topic.id"), s.str("messaging.destination.name")
			if id == "" {
				continue
			}
			n++
			if op := s.str("messaging.operation.name"); topic == "" || s.Name != op+" "+topic {
				t.Errorf("%s: %q has topic id %s and destination %q", name, s.Name, id, topic)
			}
		}
		if n != byID {
			t.Errorf("%s: %d spans with a topic id, want %d", name, n, byID)
		}
		want := allFormats(t, nil, file)
		for _, workers := range []string{"1", "2", "4"} {
			diffFormats(t, name+", "+workers+" workers", want, allFormats(t, nil, file, "--workers", workers))
		}
	}
}
