package ingest

import "testing"

// FuzzRequest: whatever is sent by HTTP, it is answered, no decoder panics, and every
// span that came is either in the store or counted as refused.
func FuzzRequest(f *testing.F) {
	paths := [...]string{PathOTLP, PathZipkin, PathSkyWalkingList, PathSkyWalking, PathSkyWalkingInstance, PathSkyWalkingAlive}
	body := otlpRequest(f, 3, nil)
	f.Add(uint8(0), "application/x-protobuf", "", body)
	f.Add(uint8(0), "application/json", "", asJSON(f, body))
	f.Add(uint8(0), "application/x-protobuf", "gzip", packGzip(f, body))
	f.Add(uint8(0), "application/x-protobuf", "zstd", packZstd(f, body))
	f.Add(uint8(0), "text/html", "br", []byte("<"))
	f.Add(uint8(1), "application/json", "", []byte(`[{"traceId":"1","id":"2","timestamp":5,"duration":1,"kind":"SERVER"},{"id":"x"}]`))
	f.Add(uint8(2), "application/json", "", []byte(`[{"traceId":"t","traceSegmentId":"s","spans":[{"spanType":"Exit","startTime":"5","endTime":"6"}]}]`))
	f.Add(uint8(3), "application/json", "gzip", []byte{0x1f, 0x8b, 8})
	f.Add(uint8(4), "application/json", "", []byte(`{"service":"s","serviceInstance":"i","properties":[{"key":"language"}]}`))
	f.Fuzz(func(t *testing.T, at uint8, kind, encoding string, body []byte) {
		path := paths[int(at)%len(paths)]
		shelf := &shelf{}
		c := settings()
		c.MaxBody = 1 << 16
		r := receiver(t, c, shelf)
		got := send(t, routes(r), path, body, "Content-Type", kind, "Content-Encoding", encoding)
		sum, faults, requests := uint64(0), uint64(0), uint64(0)
		counts := reconcile(t, r)
		for i := range counts {
			sum += counts[i].Kept
			requests += counts[i].Requests
			for _, n := range counts[i].Faults {
				faults += n
			}
			if counts[i].Faults[Panicked] > 0 {
				t.Fatalf("%s %q %q: the decoder panicked on %x", path, kind, encoding, body)
			}
		}
		if requests != 1 || faults > 1 || faults == 1 && got.status < 400 {
			t.Fatalf("%s %q %q: status %d with %d faults of %d requests", path, kind, encoding, got.status, faults, requests)
		}
		stored := 0
		for _, n := range shelf.spans {
			stored += n
		}
		if uint64(stored) != sum {
			t.Fatalf("%d spans counted as kept, %d in the store", sum, stored)
		}
	})
}
