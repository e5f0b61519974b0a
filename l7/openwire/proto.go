package openwire

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keySystem uint8 = iota
	keyOperation
	keyType
	keyCommandID
	keyException
	keyDestination
	keyDestinationKind
	keyTemporary
	keyMessageID
	keyConversation
	keyBodySize
	keyClient
	keySubscription
	keyCount
	keyReplyTo
	keyProducer
	keyConsumer
	keySession
	keyConnection
	keyTransaction
	keyObject
	keyGroup
	keyJMSType
	keyBroker
	keyBrokerURL
	keyPersistent
	keyCompressed
	keyRedelivery
	keyPriority
	keyPrefetch
	keyAck
	keyStep
	keyResult
)

var keys = []l7.Key{
	keySystem:          {Name: "messaging.system", Type: l7.String, Doc: "messaging system: kafka, rabbitmq, mqtt, nats, activemq, ..."},
	keyOperation:       {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: API, method, command or packet"},
	keyType:            {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	keyCommandID:       {Name: "wirespan.openwire.command_id", Type: l7.Int, Doc: "number of the command in its direction of the connection"},
	keyException:       {Name: "wirespan.openwire.exception", Type: l7.String, Doc: "class of the exception that answers a command"},
	keyDestination:     {Name: "messaging.destination.name", Type: l7.String, Doc: "topic, queue, subject, exchange; the first if there are several"},
	keyDestinationKind: {Name: "wirespan.openwire.destination.kind", Type: l7.String, Doc: "queue, topic, temp-queue, temp-topic"},
	keyTemporary:       {Name: "messaging.destination.temporary", Type: l7.Bool, Doc: "the destination lives as long as the connection that made it"},
	keyMessageID:       {Name: "messaging.message.id", Type: l7.String, Doc: "id that the sender gave the message"},
	keyConversation:    {Name: "messaging.message.conversation_id", Type: l7.String, Doc: "correlation id of a message; in hexadecimal if it is not text"},
	keyBodySize:        {Name: "messaging.message.body.size", Type: l7.Int, Doc: "bytes of the message's body"},
	keyClient:          {Name: "messaging.client.id", Type: l7.String, Doc: "name that the client gives itself"},
	keySubscription:    {Name: "messaging.destination.subscription.name", Type: l7.String, Doc: "name of a durable subscription"},
	keyCount:           {Name: "messaging.batch.message_count", Type: l7.Int, Doc: "messages sent or received together"},
	keyReplyTo:         {Name: "wirespan.openwire.reply_to", Type: l7.String, Doc: "destination for the answer to this message"},
	keyProducer:        {Name: "wirespan.openwire.producer", Type: l7.String, Doc: "id of the producer: connection:session:number"},
	keyConsumer:        {Name: "wirespan.openwire.consumer", Type: l7.String, Doc: "id of the consumer: connection:session:number"},
	keySession:         {Name: "wirespan.openwire.session", Type: l7.String, Doc: "id of the session: connection:number"},
	keyConnection:      {Name: "wirespan.openwire.connection", Type: l7.String, Doc: "id of the connection"},
	keyTransaction:     {Name: "wirespan.openwire.transaction", Type: l7.String, Doc: "id of the transaction, local or XA"},
	keyObject:          {Name: "wirespan.openwire.object", Type: l7.String, Doc: "id of what a RemoveInfo ends"},
	keyGroup:           {Name: "wirespan.openwire.group", Type: l7.String, Doc: "message group (JMSXGroupID)"},
	keyJMSType:         {Name: "wirespan.openwire.jms_type", Type: l7.String, Doc: "type that the sender gives the message (JMSType)"},
	keyBroker:          {Name: "wirespan.openwire.broker", Type: l7.String, Doc: "name of the broker"},
	keyBrokerURL:       {Name: "wirespan.openwire.broker.url", Type: l7.String, Doc: "address that the broker gives for itself"},
	keyPersistent:      {Name: "wirespan.openwire.persistent", Type: l7.Bool, Doc: "the broker stores the message"},
	keyCompressed:      {Name: "wirespan.openwire.compressed", Type: l7.Bool, Doc: "the body is compressed"},
	keyRedelivery:      {Name: "wirespan.openwire.redelivery", Type: l7.Int, Doc: "how often the message was delivered before"},
	keyPriority:        {Name: "wirespan.openwire.priority", Type: l7.Int, Doc: "priority of a message, 0 to 9"},
	keyPrefetch:        {Name: "wirespan.openwire.prefetch", Type: l7.Int, Doc: "messages that a consumer takes in advance"},
	keyAck:             {Name: "wirespan.openwire.ack", Type: l7.String, Doc: "what an acknowledgement says: delivered, standard, individual, poison, redelivered, unmatched, expired"},
	keyStep:            {Name: "wirespan.openwire.step", Type: l7.String, Doc: "what is done to a transaction (begin, commit_one_phase, rollback, ...) or destination (add, remove)"},
	keyResult:          {Name: "wirespan.openwire.result", Type: l7.Int, Doc: "number that answers a command"},
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
		Depth:     "versions 1 to 12, tight and loose: all commands with what they hold, object caches, properties, transactions",
		Detect:    detect,
		New:       func(o l7.Options) l7.Parser { return newParser(o) },
	}
}
