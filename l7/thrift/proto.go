package thrift

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyMethod
	keyStatus
	keySequence
	keyEncoding
	keyException
)

// window holds a head and what is looked at behind it.
const window = 16 << 10

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "thrift",
		Depth:     "binary, old binary and compact protocol, unframed, framed and THeader; exceptions, one-way calls",
		Class:     l7.ClassRPC,
		Transport: l7.TCP,
		Ports:     []uint16{9090},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:    {Name: "rpc.system.name", Type: l7.String, Doc: "RPC system: fastcgi, thrift, dubbo, ..."},
			keyMethod:    {Name: "rpc.method", Type: l7.String, Doc: "method with its service: package.Service/Method"},
			keyStatus:    {Name: "rpc.status_code", Type: l7.String, Doc: "status of the call as a name: OK, NOT_FOUND"},
			keySequence:  {Name: "wirespan.thrift.sequence_id", Type: l7.Int, Doc: "sequence id of the call"},
			keyEncoding:  {Name: "wirespan.thrift.encoding", Type: l7.String, Doc: "encoding and transport: binary, framed binary, compact, header compact, ..."},
			keyException: {Name: "wirespan.thrift.exception", Type: l7.Int, Doc: "field of the declared exception that the method threw"},
		},
		Detect: detect,
		New:    func(o l7.Options) l7.Parser { return &parser{ids: o.IDs} },
	}
}

// system is rpc.system.name.
var system = []byte("thrift")
