package main

import (
	"net/http"

	access "github.com/wirespan/wirespan/tracer/gate"
	"github.com/wirespan/wirespan/tracer/ingest"
)

// receivers are the handlers of everything that takes spans over HTTP.
func (h *house) receivers() http.Handler {
	m := http.NewServeMux()
	h.receiver.Routes(m)
	return h.gate.HTTP(access.Door{Right: access.Ingest}, m)
}

// receiverPaths are those at which --ui takes spans, too.
var receiverPaths = [...]string{ingest.PathOTLP, ingest.PathZipkin, ingest.PathSkyWalking, ingest.PathSkyWalkingList}

func formatName(f int) string  { return ingest.Format(f).String() }
func faultName(i int) string   { return ingest.Fault(i).String() }
func refusalName(o int) string { return access.Outcome(o).String() }
