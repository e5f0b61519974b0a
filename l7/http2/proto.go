package http2

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/hpack"
	"github.com/wirespan/wirespan/l7/ids"
)

// Bounds.
const (
	maxFrame   = 64 << 10 // header block with its frames; larger ones are passed over unread
	maxStreams = 1024     // that are open; beyond, the oldest is forgotten
	maxDead    = 64       // streams that were reset and may still get frames
	maxIDs     = 32       // of one message
	maxKept    = 64       // streams of which bodies are captured at once
	maxBody    = 1 << 20  // of a captured body, whatever Options.Bodies says
	maxMedia   = 128      // of its content type
)

// Attributes that the parser sets; indices into Proto.Keys.
const (
	keyStream uint8 = iota
	keyUserAgent
	keyScheme
	keyStatus
	keyUnknown
	keySystem
	keyMethod
	keyRPCStatus
	keyRPCMessage
	keyTimeout
	keySent
	keyReceived
	keyRequestBody
	keyResponseBody
	keyRequestType
	keyResponseType
)

// Values of network.protocol.name: HTTP/2 is HTTP (with version 2), and what a
// call speaks is gRPC. The name of the Proto is another than that of HTTP/1, so
// that it can follow there.
const (
	protocolHTTP = "http"
	protocolGRPC = "grpc"
)

// Proto describes HTTP/2.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "http2",
		Depth:     "frames of all kinds, header compression (also begun late), trailers, pushes; gRPC, gRPC-Web and Triple calls with message counts and status",
		Also:      []string{protocolHTTP, protocolGRPC},
		Class:     l7.ClassHTTP,
		Transport: l7.TCP,
		Ports:     []uint16{50051, 4317, 9090, 2379, 8443},
		Window:    maxFrame + frameHead,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keyStream:       {Name: "http2.stream_id", Type: l7.Int, Doc: "stream of an HTTP/2 connection that carried the exchange"},
			keyUserAgent:    {Name: "user_agent.original", Type: l7.String, Doc: "User-Agent of the request"},
			keyScheme:       {Name: "url.scheme", Type: l7.String, Doc: "scheme, when the request names it (absolute form)"},
			keyStatus:       {Name: "http.response.status_code", Type: l7.Int, Doc: "status code of the response"},
			keyUnknown:      {Name: "wirespan.http2.fields.unknown", Type: l7.Int, Doc: "header fields that refer to a header table from before the capture or a loss; absent when all are known"},
			keySystem:       {Name: "rpc.system.name", Type: l7.String, Doc: "RPC system: grpc, dubbo, thrift"},
			keyMethod:       {Name: "rpc.method", Type: l7.String, Doc: "fully qualified method, package.Service/Method"},
			keyRPCStatus:    {Name: "rpc.status_code", Type: l7.String, Doc: "status of the call by name, as the server sent it: OK, NOT_FOUND"},
			keyRPCMessage:   {Name: "wirespan.rpc.status_message", Type: l7.String, Doc: "text that came with the status of the call"},
			keyTimeout:      {Name: "wirespan.rpc.timeout", Type: l7.Int, Doc: "time that the client gave the call, in nanoseconds"},
			keySent:         {Name: "wirespan.rpc.messages.sent", Type: l7.Int, Doc: "messages from the client within the call; absent when some could not be counted"},
			keyReceived:     {Name: "wirespan.rpc.messages.received", Type: l7.Int, Doc: "messages from the server within the call; absent when some could not be counted"},
			keyRequestBody:  {Name: "wirespan.http.request.body", Type: l7.Body, Doc: "first bytes of the request body, with --bodies"},
			keyRequestType:  {Name: "http.request.header.content-type", Type: l7.Strings, Doc: "media type of the request body, with --bodies"},
			keyResponseType: {Name: "http.response.header.content-type", Type: l7.Strings, Doc: "media type of the response body, with --bodies"},
			keyResponseBody: {Name: "wirespan.http.response.body", Type: l7.Body, Doc: "first bytes of the response body, with --bodies"},
		},
		Detect: Detect,
		New:    New,
	}
}

// New returns the parser of one connection.
func New(o l7.Options) l7.Parser {
	p := &parser{upgraded: o.After == "http", bodies: min(max(o.Bodies, 0), maxBody)}
	p.fields, _ = o.IDs.(*ids.Matcher)
	tags := hpack.NewTags(tagger(o.IDs))
	p.half[l7.ToServer].dec.Init(tags)
	p.half[l7.ToClient].dec.Init(tags)
	return p
}
