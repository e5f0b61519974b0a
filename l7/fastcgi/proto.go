package fastcgi

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyRequestID
	keyScript
	keyAgent
	keyAppStatus
	keyStderr
)

// Proto describes the protocol. Its exchanges are HTTP exchanges in another
// form; rpc.system.name tells them from those.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "fastcgi",
		Depth:     "all record types, requests side by side, parameters and response heads; bodies by length",
		Class:     l7.ClassHTTP,
		Transport: l7.TCP,
		Ports:     []uint16{9000},
		Window:    headSize + 1<<16, // a record of parameters
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:    {Name: "rpc.system.name", Type: l7.String, Doc: "RPC system: fastcgi, thrift, dubbo, ..."},
			keyRequestID: {Name: "wirespan.fastcgi.request_id", Type: l7.Int, Doc: "FastCGI request id"},
			keyScript:    {Name: "wirespan.fastcgi.script", Type: l7.String, Doc: "SCRIPT_FILENAME: the file that is run"},
			keyAgent:     {Name: "user_agent.original", Type: l7.String, Doc: "User-Agent of the request"},
			keyAppStatus: {Name: "wirespan.fastcgi.app_status", Type: l7.Int, Doc: "exit status of the application, when it is not 0"},
			keyStderr:    {Name: "wirespan.fastcgi.stderr.size", Type: l7.Int, Doc: "bytes that the application wrote to its error stream"},
		},
		Detect: detect,
		New:    func(o l7.Options) l7.Parser { return &parser{ids: o.IDs} },
	}
}

// system is rpc.system.name.
var system = []byte("fastcgi")
