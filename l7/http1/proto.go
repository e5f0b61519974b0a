package http1

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
)

// Bounds.
const (
	maxHead      = 64 << 10 // a head, or the trailers of a chunked body
	maxChunkLine = 4 << 10  // a chunk size with its extensions
	maxFacts     = 1024     // requests that wait for their response
	maxBody      = 1 << 20  // of a captured body, whatever Options.Bodies says
)

// Attributes that the parser sets; indices into Proto.Keys.
const (
	keyUserAgent uint8 = iota
	keyScheme
	keyRequestBody
	keyResponseBody
	keySent
	keyReceived
	keyBytesSent
	keyBytesReceived
	keyCloseCode
	keyRequestType
	keyResponseType
)

// Proto describes HTTP/1.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "http",
		Class:     l7.ClassHTTP,
		Transport: l7.TCP,
		Ports:     []uint16{80, 8080, 8000, 8888, 3128, 5000, 3000, 8081, 8008, 9090, 9200, 2375, 5601, 15672, 9000},
		Window:    maxHead,
		Pairing:   l7.InOrder,
		Depth:     "request and response heads, bodies by length, pipelining, upgrades, WebSocket frames counted",
		Keys: []l7.Key{
			keyUserAgent:     {Name: "user_agent.original", Type: l7.String, Doc: "User-Agent of the request"},
			keyScheme:        {Name: "url.scheme", Type: l7.String, Doc: "scheme, when the request names it (absolute form)"},
			keyRequestBody:   {Name: "wirespan.http.request.body", Type: l7.Body, Doc: "first bytes of the request body, with --bodies"},
			keyResponseBody:  {Name: "wirespan.http.response.body", Type: l7.Body, Doc: "first bytes of the response body, with --bodies"},
			keySent:          {Name: "wirespan.websocket.messages.sent", Type: l7.Int, Doc: "WebSocket messages from the client; absent when some could not be counted"},
			keyReceived:      {Name: "wirespan.websocket.messages.received", Type: l7.Int, Doc: "WebSocket messages from the server; absent when some could not be counted"},
			keyBytesSent:     {Name: "wirespan.websocket.bytes.sent", Type: l7.Int, Doc: "payload bytes of WebSocket messages from the client"},
			keyBytesReceived: {Name: "wirespan.websocket.bytes.received", Type: l7.Int, Doc: "payload bytes of WebSocket messages from the server"},
			keyRequestType:   {Name: "http.request.header.content-type", Type: l7.Strings, Doc: "media type of the request body, with --bodies"},
			keyResponseType:  {Name: "http.response.header.content-type", Type: l7.Strings, Doc: "media type of the response body, with --bodies"},
			keyCloseCode:     {Name: "wirespan.websocket.close.code", Type: l7.Int, Doc: "status code of the first WebSocket close frame"},
		},
		Detect: Detect,
		New:    New,
	}
}

// New returns the parser of one connection.
func New(o l7.Options) l7.Parser {
	p := &parser{ids: o.IDs, bodies: min(max(o.Bodies, 0), maxBody)}
	p.fast, _ = o.IDs.(*ids.Matcher)
	p.facts.init()
	return p
}
