package rocketmq

import "github.com/wirespan/wirespan/l7"

// window is the most that is held of a direction: a head, or a command of
// messages that is not long, or the properties of a message.
const window = fixed + maxHead + maxProps

// Attributes, as indexes into the keys of Proto.
const (
	attrSystem uint8 = iota
	attrOperation
	attrType
	attrDestination
	attrPartition
	attrMessage
	attrConversation
	attrCount
	attrClient
	attrGroup
	attrProducerGroup
	attrTag
	attrMessageKeys
	attrSharding
	attrKind
	attrDelay
	attrOffset
	attrCode
	attrOpaque
	attrLanguage
	attrVersion
	attrBrokerLanguage
	attrBrokerVersion
	attrOutcome
	attrRemark
)

var keys = []l7.Key{
	attrSystem:         {Name: "messaging.system", Type: l7.String, Doc: "messaging system: rocketmq"},
	attrOperation:      {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: RocketMQ request code"},
	attrType:           {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	attrDestination:    {Name: "messaging.destination.name", Type: l7.String, Doc: "topic"},
	attrPartition:      {Name: "messaging.destination.partition.id", Type: l7.String, Doc: "queue of the topic"},
	attrMessage:        {Name: "messaging.message.id", Type: l7.String, Doc: "id of the message, as its producer made it"},
	attrConversation:   {Name: "messaging.message.conversation_id", Type: l7.String, Doc: "correlation id of a message; in hexadecimal if it is not text"},
	attrCount:          {Name: "messaging.batch.message_count", Type: l7.Int, Doc: "messages sent or received together"},
	attrClient:         {Name: "messaging.client.id", Type: l7.String, Doc: "name that the client gives itself"},
	attrGroup:          {Name: "messaging.consumer.group.name", Type: l7.String, Doc: "consumer group"},
	attrProducerGroup:  {Name: "wirespan.rocketmq.producer.group", Type: l7.String, Doc: "group of the producer"},
	attrTag:            {Name: "messaging.rocketmq.message.tag", Type: l7.String, Doc: "tag of the message"},
	attrMessageKeys:    {Name: "messaging.rocketmq.message.keys", Type: l7.Strings, Doc: "keys of the message"},
	attrSharding:       {Name: "messaging.rocketmq.message.group", Type: l7.String, Doc: "sharding key of an ordered message"},
	attrKind:           {Name: "messaging.rocketmq.message.type", Type: l7.String, Doc: "normal, fifo, delay or transaction"},
	attrDelay:          {Name: "messaging.rocketmq.message.delay_time_level", Type: l7.Int, Doc: "level of delay"},
	attrOffset:         {Name: "wirespan.rocketmq.queue.offset", Type: l7.Int, Doc: "offset in the queue: of the message, of the first one received, or committed"},
	attrCode:           {Name: "wirespan.rocketmq.code", Type: l7.Int, Doc: "request code"},
	attrOpaque:         {Name: "wirespan.rocketmq.opaque", Type: l7.Int, Doc: "number that pairs request and response on their connection"},
	attrLanguage:       {Name: "wirespan.rocketmq.language", Type: l7.String, Doc: "language of the program that asks"},
	attrVersion:        {Name: "wirespan.rocketmq.version", Type: l7.String, Doc: "version of the program that asks"},
	attrBrokerLanguage: {Name: "wirespan.rocketmq.broker.language", Type: l7.String, Doc: "language of the program that answers"},
	attrBrokerVersion:  {Name: "wirespan.rocketmq.broker.version", Type: l7.String, Doc: "version of the program that answers"},
	attrOutcome:        {Name: "wirespan.rocketmq.outcome", Type: l7.String, Doc: "response code that is neither SUCCESS nor an error: PULL_NOT_FOUND"},
	attrRemark:         {Name: "wirespan.rocketmq.remark", Type: l7.String, Doc: "what a broker says of an error"},
}

// Proto describes RocketMQ.
func Proto() l7.Proto {
	return l7.Proto{
		Name:      "rocketmq",
		Depth:     "JSON and binary heads, every request and response code by name, properties of all messages sent, pulled and pushed",
		Class:     l7.ClassMessaging,
		Transport: l7.TCP,
		Ports:     []uint16{10911, 10909, 9876},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys:      keys,
		Detect:    detect,
		New:       func(o l7.Options) l7.Parser { return newParser(o) },
	}
}

// detect takes a command for what it is when its head is all there and reads as
// one, the way that its kind goes.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	h, ok := frame(b)
	switch {
	case !ok:
		return l7.No
	case h.size == 0:
		return l7.NeedMore
	case len(b) < h.size:
		return begun(dir, &h, b[fixed:])
	}
	if h, ok = readHead(b); !ok || !h.rightWay(dir) {
		return l7.No
	}
	return l7.Yes
}

// enough bytes of a head in JSON tell what it is.
const enough = 1 << 10

// begun judges a head that is not all there.
func begun(dir l7.Dir, h *head, b []byte) l7.Verdict {
	const start = `{"code":`
	switch {
	case h.form == formBinary:
		return l7.NeedMore
	case len(b) < enough:
		return l7.NeedMore
	case string(b[:len(start)]) == start && dir == l7.ToServer:
		return l7.Yes
	}
	return l7.No
}
