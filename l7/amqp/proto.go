package amqp

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
	keyRoutingKey
	keyDeliveryTag
	keyChannel
	keyExchange
	keyQueue
	keyConsumer
	keyReplyTo
	keyContentType
	keyRedelivered
	keyPersistent
	keyMultiple
	keyReplyCode
	keyReplyText
	keyVirtualHost
	keyMessages
	keyMechanism
	keyRefused
)

var keys = []l7.Key{
	keySystem:       {Name: "messaging.system", Type: l7.String, Doc: "messaging system: kafka, rabbitmq, mqtt, nats, activemq, ..."},
	keyOperation:    {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: API, method, command or packet"},
	keyType:         {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	keyDestination:  {Name: "messaging.destination.name", Type: l7.String, Doc: "topic, queue, subject, exchange; the first if there are several"},
	keyMessageID:    {Name: "messaging.message.id", Type: l7.String, Doc: "id that the sender gave the message"},
	keyConversation: {Name: "messaging.message.conversation_id", Type: l7.String, Doc: "correlation id of a message; in hexadecimal if it is not text"},
	keyBodySize:     {Name: "messaging.message.body.size", Type: l7.Int, Doc: "bytes of the message's body"},
	keyRoutingKey:   {Name: "messaging.rabbitmq.destination.routing_key", Type: l7.String, Doc: "routing key of a message or a binding"},
	keyDeliveryTag:  {Name: "messaging.rabbitmq.message.delivery_tag", Type: l7.Int, Doc: "number of a delivery or of a confirmed message on its channel"},
	keyChannel:      {Name: "wirespan.amqp.channel", Type: l7.Int, Doc: "channel of the connection"},
	keyExchange:     {Name: "wirespan.amqp.exchange", Type: l7.String, Doc: "exchange, if it is not the default one"},
	keyQueue:        {Name: "wirespan.amqp.queue", Type: l7.String, Doc: "queue"},
	keyConsumer:     {Name: "wirespan.amqp.consumer_tag", Type: l7.String, Doc: "name of the consumer on its channel"},
	keyReplyTo:      {Name: "wirespan.amqp.reply_to", Type: l7.String, Doc: "where the answer to this message goes"},
	keyContentType:  {Name: "wirespan.amqp.content_type", Type: l7.String, Doc: "media type of the message"},
	keyRedelivered:  {Name: "wirespan.amqp.redelivered", Type: l7.Bool, Doc: "the message was delivered before"},
	keyPersistent:   {Name: "wirespan.amqp.persistent", Type: l7.Bool, Doc: "the message outlives the broker"},
	keyMultiple:     {Name: "wirespan.amqp.multiple", Type: l7.Bool, Doc: "an acknowledgement of all deliveries up to this one"},
	keyReplyCode:    {Name: "wirespan.amqp.reply_code", Type: l7.Int, Doc: "reply code of a close or a return"},
	keyReplyText:    {Name: "wirespan.amqp.reply_text", Type: l7.String, Doc: "what the reply code means, in the broker's words up to the first quoted name"},
	keyVirtualHost:  {Name: "wirespan.amqp.virtual_host", Type: l7.String, Doc: "virtual host of the connection"},
	keyMessages:     {Name: "wirespan.amqp.messages", Type: l7.Int, Doc: "messages that a queue holds, or that were removed"},
	keyMechanism:    {Name: "wirespan.amqp.mechanism", Type: l7.String, Doc: "SASL mechanism"},
	keyRefused:      {Name: "wirespan.amqp.refused", Type: l7.Bool, Doc: "the broker did not take the message (Basic.Nack)"},
}

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "amqp",
		Class:     l7.ClassMessaging,
		Transport: l7.TCP,
		Ports:     []uint16{5672},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys:      keys,
		Depth:     "0-9-1: all methods, contents with properties and headers, confirms, channel and connection errors",
		Detect:    detect,
		New:       func(o l7.Options) l7.Parser { return newParser(o) },
	}
}
