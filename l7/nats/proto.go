package nats

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyType
	keyDestination
	keyGroup
	keyClient
	keyBodySize
	keyReply
	keySID
	keyStream
	keySequence
	keyConsumer
	keyStatus
	keyError
	keyServer
	keyLanguage
	keyMax
)

var keys = []l7.Key{
	keySystem:      {Name: "messaging.system", Type: l7.String, Doc: "messaging system: kafka, rabbitmq, mqtt, nats, activemq, ..."},
	keyOperation:   {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: API, method, command or packet"},
	keyType:        {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	keyDestination: {Name: "messaging.destination.name", Type: l7.String, Doc: "topic, queue, subject, exchange; the first if there are several"},
	keyGroup:       {Name: "messaging.consumer.group.name", Type: l7.String, Doc: "consumer group"},
	keyClient:      {Name: "messaging.client.id", Type: l7.String, Doc: "name that the client gives itself"},
	keyBodySize:    {Name: "messaging.message.body.size", Type: l7.Int, Doc: "bytes of the message's body"},
	keyReply:       {Name: "wirespan.nats.reply_to", Type: l7.String, Doc: "subject for the answer to this message"},
	keySID:         {Name: "wirespan.nats.sid", Type: l7.String, Doc: "id of the subscription on its connection"},
	keyStream:      {Name: "wirespan.nats.stream", Type: l7.String, Doc: "JetStream stream that has the message"},
	keySequence:    {Name: "wirespan.nats.sequence", Type: l7.Int, Doc: "sequence number of the message in its stream"},
	keyConsumer:    {Name: "wirespan.nats.consumer", Type: l7.String, Doc: "JetStream consumer that the message was delivered to"},
	keyStatus:      {Name: "wirespan.nats.status", Type: l7.Int, Doc: "status in the headers of a message, or code in an answer of JetStream"},
	keyError:       {Name: "wirespan.nats.error", Type: l7.String, Doc: "error of the server in its words, up to the first quoted name"},
	keyServer:      {Name: "wirespan.nats.server.name", Type: l7.String, Doc: "name of the server, from INFO"},
	keyLanguage:    {Name: "wirespan.nats.client.language", Type: l7.String, Doc: "language of the client library"},
	keyMax:         {Name: "wirespan.nats.max_messages", Type: l7.Int, Doc: "messages after which a subscription ends"},
}

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "nats",
		Class:     l7.ClassMessaging,
		Transport: l7.TCP,
		Ports:     []uint16{4222},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys:      keys,
		Depth:     "all client commands, headers, request and reply by subject, JetStream acknowledgements and errors",
		Detect:    detect,
		New:       func(o l7.Options) l7.Parser { return newParser(o) },
	}
}
