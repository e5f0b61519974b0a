package red

import "github.com/wirespan/wirespan/tracer/metric"

// schema is one metric of durations and the labels of its series.
type schema struct {
	name   string
	help   string
	labels []string // after service.name
}

// Indices into schemas.
const (
	httpServer = iota
	httpClient
	dbClient
	dnsLookup
	rpcServer
	rpcClient
	anyExchange
	numSchemas
)

// schemas are the metrics of the semantic conventions (1.44: http-metrics,
// database-metrics, dns-metrics, rpc-metrics), and ours for the rest.
var schemas = [numSchemas]schema{
	httpServer: {
		"http.server.request.duration", "duration of HTTP server requests, as seen on the wire",
		[]string{"http.request.method", "http.route", "http.response.status_code", "error.type", "url.scheme"},
	},
	httpClient: {
		"http.client.request.duration", "duration of HTTP client requests, as seen on the wire",
		[]string{"http.request.method", "url.template", "http.response.status_code", "error.type", "server.address"},
	},
	dbClient: {
		"db.client.operation.duration", "duration of database client operations, as seen on the wire",
		[]string{"db.system.name", "db.operation.name", "db.collection.name", "db.response.status_code", "error.type"},
	},
	dnsLookup: {
		"dns.lookup.duration", "duration of DNS lookups, as seen on the wire",
		[]string{"dns.question.type", "error.type"},
	},
	rpcServer: {
		"rpc.server.call.duration", "duration of RPC server calls, as seen on the wire",
		[]string{"rpc.system.name", "rpc.method", "rpc.response.status_code", "error.type"},
	},
	rpcClient: {
		"rpc.client.call.duration", "duration of RPC client calls, as seen on the wire",
		[]string{"rpc.system.name", "rpc.method", "rpc.response.status_code", "error.type"},
	},
	anyExchange: {
		"wirespan.exchange.duration", "duration of exchanges of protocols that have no metric of their own",
		[]string{"network.protocol.name", "span.name", "error.type"},
	},
}

// endpointLabels are those of the counters of requests and errors.
var endpointLabels = []string{metric.ServiceName, "network.protocol.name", "span.kind", "span.name"}

// numBuckets counts the last one, which has no bound, too.
const numBuckets = 18

// bounds are the boundaries that the conventions advise for HTTP and
// databases, and two below, since much on the wire takes less than 1 ms.
var bounds = [numBuckets - 1]float64{
	.0005, .001, .0025, .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10,
}

// bucketOf finds the bucket of a duration in seconds.
func bucketOf(v float64) int {
	for i, b := range bounds {
		if v <= b {
			return i
		}
	}
	return numBuckets - 1
}
