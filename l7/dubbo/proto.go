package dubbo

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyMethod
	keyStatus
	keyVersion
	keyGroup
	keySerialization
	keyApplication
)

// maxBody is the size up to which a body is read to its end, where the
// attachments are; of larger ones the beginning is.
const (
	maxBody  = 16 << 10
	maxStart = 1 << 10
)

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "dubbo",
		Depth:     "header, heartbeats, callbacks; Hessian 2, Fastjson and Kryo to the attachments; statuses and exceptions",
		Class:     l7.ClassRPC,
		Transport: l7.TCP,
		Ports:     []uint16{20880},
		Window:    headSize + maxBody,
		Pairing:   l7.ByMatch,
		Keys: []l7.Key{
			keySystem:        {Name: "rpc.system.name", Type: l7.String, Doc: "RPC system: fastcgi, thrift, dubbo, ..."},
			keyMethod:        {Name: "rpc.method", Type: l7.String, Doc: "method with its service: package.Service/Method"},
			keyStatus:        {Name: "rpc.status_code", Type: l7.String, Doc: "status of the call as a name: OK, NOT_FOUND"},
			keyVersion:       {Name: "wirespan.dubbo.service.version", Type: l7.String, Doc: "version of the service that is called"},
			keyGroup:         {Name: "wirespan.dubbo.service.group", Type: l7.String, Doc: "group of the service that is called"},
			keySerialization: {Name: "wirespan.dubbo.serialization", Type: l7.String, Doc: "how the body is written: hessian2, fastjson, kryo, ..."},
			keyApplication:   {Name: "wirespan.dubbo.application", Type: l7.String, Doc: "name that the client gives itself"},
		},
		Detect: detect,
		New:    func(o l7.Options) l7.Parser { return &parser{ids: o.IDs} },
	}
}

// system is rpc.system.name.
var system = []byte("dubbo")
