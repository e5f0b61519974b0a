package stomp

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyType
	keyDestination
	keyMessageID
	keyConversation
	keyBodySize
	keyReceipt
	keySubscription
	keyTransaction
	keyReplyTo
	keyContentType
	keyHost
	keyServer
	keyError
)

var keys = []l7.Key{
	keySystem:       {Name: "messaging.system", Type: l7.String, Doc: "messaging system: kafka, rabbitmq, mqtt, nats, activemq, ..."},
	keyOperation:    {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: API, method, command or packet"},
	keyType:         {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	keyDestination:  {Name: "messaging.destination.name", Type: l7.String, Doc: "topic, queue, subject, exchange; the first if there are several"},
	keyMessageID:    {Name: "messaging.message.id", Type: l7.String, Doc: "id that the sender gave the message"},
	keyConversation: {Name: "messaging.message.conversation_id", Type: l7.String, Doc: "correlation id of a message; in hexadecimal if it is not text"},
	keyBodySize:     {Name: "messaging.message.body.size", Type: l7.Int, Doc: "bytes of the message's body"},
	keyReceipt:      {Name: "wirespan.stomp.receipt", Type: l7.String, Doc: "receipt that a frame asks for"},
	keySubscription: {Name: "wirespan.stomp.subscription", Type: l7.String, Doc: "id of the subscription on its connection"},
	keyTransaction:  {Name: "wirespan.stomp.transaction", Type: l7.String, Doc: "transaction on its connection"},
	keyReplyTo:      {Name: "wirespan.stomp.reply_to", Type: l7.String, Doc: "where the answer to this message goes"},
	keyContentType:  {Name: "wirespan.stomp.content_type", Type: l7.String, Doc: "media type of the message"},
	keyHost:         {Name: "wirespan.stomp.host", Type: l7.String, Doc: "virtual host"},
	keyServer:       {Name: "wirespan.stomp.server", Type: l7.String, Doc: "name and version of the broker"},
	keyError:        {Name: "wirespan.stomp.error", Type: l7.String, Doc: "message of an ERROR, up to the first quoted name"},
}

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "stomp",
		Class:     l7.ClassMessaging,
		Transport: l7.TCP,
		Ports:     []uint16{61613},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys:      keys,
		Depth:     "1.0 to 1.2: all frames, receipts, errors, ids in headers",
		Detect:    detect,
		New:       func(o l7.Options) l7.Parser { return newParser(o) },
	}
}
