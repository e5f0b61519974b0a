package openwire

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyType
	keyCommandID
	keyException
)

var keys = []l7.Key{
	keySystem:    {Name: "messaging.system", Type: l7.String, Doc: "messaging system: kafka, rabbitmq, mqtt, nats, activemq, ..."},
	keyOperation: {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: API, method, command or packet"},
	keyType:      {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	keyCommandID: {Name: "wirespan.openwire.command_id", Type: l7.Int, Doc: "number of the command in its direction of the connection"},
	keyException: {Name: "wirespan.openwire.exception", Type: l7.String, Doc: "class of the exception that answers a command"},
}

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "openwire",
		Class:     l7.ClassMessaging,
		Transport: l7.TCP,
		Ports:     []uint16{61616},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys:      keys,
		Depth:     "commands and answers by id, tight and loose, classes of exceptions; not what messages hold",
		Detect:    detect,
		New:       func(l7.Options) l7.Parser { return &parser{} },
	}
}
