package otlp

import "github.com/wirespan/wirespan/tracer/otlp/transport"

// Endpoint is where spans are exported to. The zero value is none.
type Endpoint = transport.Endpoint

// Protocols of an Endpoint.
const (
	HTTP = transport.HTTP // OTLP/HTTP with protobuf bodies
	GRPC = transport.GRPC // OTLP/gRPC
)

// ParseEndpoint reads the URL of a receiver of spans; see
// transport.ParseEndpoint. /v1/traces is taken where HTTP has no path.
func ParseEndpoint(raw string) (Endpoint, error) {
	return transport.ParseEndpoint(raw, transport.Traces())
}
