package metric

import "github.com/wirespan/wirespan/tracer/otlp/transport"

// Endpoint is where metrics are exported to. The zero value is none.
type Endpoint = transport.Endpoint

// ParseEndpoint reads the URL of a receiver of metrics; see
// transport.ParseEndpoint. /v1/metrics is taken where HTTP has no path.
func ParseEndpoint(raw string) (Endpoint, error) {
	return transport.ParseEndpoint(raw, transport.Metrics())
}
