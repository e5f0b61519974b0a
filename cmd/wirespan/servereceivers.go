package main

import (
	"net/http"

	access "github.com/wirespan/wirespan/tracer/gate"
	"github.com/wirespan/wirespan/tracer/ingest"
)

// receivers is the handler of everything that takes spans over HTTP.
func (h *house) receivers() http.Handler {
	m := http.NewServeMux()
	h.receiver.Routes(m)
	return m
}

// receiverPaths are those at which --ui takes spans, too, or says that it does not
// take metrics and logs.
var receiverPaths = [...]string{
	ingest.PathOTLP, "/v1/metrics", "/v1/logs", ingest.PathZipkin,
	ingest.PathSkyWalking, ingest.PathSkyWalkingList, ingest.PathSkyWalkingInstance, ingest.PathSkyWalkingAlive,
}

func formatName(f int) string  { return ingest.Format(f).String() }
func faultName(i int) string   { return ingest.Fault(i).String() }
func refusalName(o int) string { return access.Outcome(o).String() }
