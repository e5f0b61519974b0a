package mqtt

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyType
	keyDestination
	keyClient
	keyConversation
	keyBodySize
	keyGroup
	keyPacketID
	keyQoS
	keyRetain
	keyDup
	keyReason
	keyGranted
	keyFilters
	keyWildcard
	keyResponseTopic
	keyAlias
	keyKeepAlive
	keyClean
	keyPresent
	keyWill
)

var keys = []l7.Key{
	keySystem:        {Name: "messaging.system", Type: l7.String, Doc: "messaging system: kafka, rabbitmq, mqtt, nats, activemq, ..."},
	keyOperation:     {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: API, method, command or packet"},
	keyType:          {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	keyDestination:   {Name: "messaging.destination.name", Type: l7.String, Doc: "topic, queue, subject, exchange; the first if there are several"},
	keyClient:        {Name: "messaging.client.id", Type: l7.String, Doc: "name that the client gives itself"},
	keyConversation:  {Name: "messaging.message.conversation_id", Type: l7.String, Doc: "correlation id of a message; in hexadecimal if it is not text"},
	keyBodySize:      {Name: "messaging.message.body.size", Type: l7.Int, Doc: "bytes of the message's body"},
	keyGroup:         {Name: "messaging.consumer.group.name", Type: l7.String, Doc: "consumer group"},
	keyPacketID:      {Name: "wirespan.mqtt.packet_id", Type: l7.Int, Doc: "packet identifier, valid on this connection only"},
	keyQoS:           {Name: "wirespan.mqtt.qos", Type: l7.Int, Doc: "quality of service of a message, or the highest that a subscription asks for"},
	keyRetain:        {Name: "wirespan.mqtt.retain", Type: l7.Bool, Doc: "the broker keeps the message, or had kept it"},
	keyDup:           {Name: "wirespan.mqtt.dup", Type: l7.Bool, Doc: "the message was sent before"},
	keyReason:        {Name: "wirespan.mqtt.reason", Type: l7.String, Doc: "reason or return code that is not plain success, by name"},
	keyGranted:       {Name: "wirespan.mqtt.granted_qos", Type: l7.Ints, Doc: "quality of service granted to each topic filter, 128 and above for a refusal"},
	keyFilters:       {Name: "wirespan.mqtt.filters", Type: l7.Strings, Doc: "topic filters, if there are several; the first 16"},
	keyWildcard:      {Name: "wirespan.mqtt.wildcard", Type: l7.Bool, Doc: "a topic filter has a wildcard"},
	keyResponseTopic: {Name: "wirespan.mqtt.response_topic", Type: l7.String, Doc: "topic for the answer to this message"},
	keyAlias:         {Name: "wirespan.mqtt.topic_alias", Type: l7.Int, Doc: "number that stands for the topic on this connection"},
	keyKeepAlive:     {Name: "wirespan.mqtt.keep_alive", Type: l7.Int, Doc: "longest silence of the client, in seconds; 0 for any"},
	keyClean:         {Name: "wirespan.mqtt.clean_session", Type: l7.Bool, Doc: "the client begins without earlier state"},
	keyPresent:       {Name: "wirespan.mqtt.session_present", Type: l7.Bool, Doc: "the broker still has the client's state"},
	keyWill:          {Name: "wirespan.mqtt.will.topic", Type: l7.String, Doc: "topic of the message that tells of the client's death"},
}

// Proto describes the protocol.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "mqtt",
		Class:     l7.ClassMessaging,
		Transport: l7.TCP,
		Ports:     []uint16{1883},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys:      keys,
		Depth:     "3.1, 3.1.1, 5: all packets, QoS flows by packet id, topic aliases, properties, reasons",
		Detect:    detect,
		New:       func(o l7.Options) l7.Parser { return newParser(o) },
	}
}
