package openwire

// maxVersion is the latest version of the wire format.
const maxVersion = 12

// Fields that kinds of commands begin with, and those that all messages have.
const (
	command_  = "int bool " // command id, response required
	response_ = command_ + "int "
	message_  = command_ + `cached:producer cached:dest cached:tx cached obj:id cached str:group int str:corr bool:persistent long
		byte:priority obj:reply long str:type bytes:content bytes:props obj cached bool:compressed int:redelivery list long str bool
		bool/2+ list/3+ long/3+ long/3+ bool/10+ `
	path = "list "
)

// schemas has the fields of all objects by type, in the order in which they are
// marshalled (org.apache.activemq.openwire.v1 to v12).
var schemas = [numType][]field{
	wireFormatInfo: schema("int:format bytes:props"),
	brokerInfo: schema(command_ + `cached:broker str:url list str:brokername bool bool bool bool/2+ bool/2+ long/2+
		str/3+ str/3+`),
	connectionInfo: schema(command_ + "cached:conn str:client str str " + path + "bool bool bool/2+ bool/6+ bool/6+ str/8+"),
	sessionInfo:    schema(command_ + "cached:session"),
	consumerInfo: schema(command_ + `cached:consumer bool cached:dest int:prefetch int bool str str/10+ str:sub bool bool bool byte
		list obj bool bool bool list/4+`),
	producerInfo:      schema(command_ + "cached:producer cached:dest " + path + "bool/2+ int/3+"),
	transactionInfo:   schema(command_ + "cached:conn cached:tx byte:step"),
	destinationInfo:   schema(command_ + "cached:conn cached:dest byte:removal long " + path),
	removeSubInfo:     schema(command_ + "cached:conn str:sub str:client"),
	keepAliveInfo:     schema(command_),
	shutdownInfo:      schema(command_),
	removeInfo:        schema(command_ + "cached:object long/5+"),
	controlCommand:    schema(command_ + "str"),
	flushCommand:      schema(command_),
	connectionError:   schema(command_ + "err:class obj:conn"),
	consumerControl:   schema(command_ + "obj:dest/6+ bool obj:consumer int:prefetch bool/2+ bool/2+ bool/2+"),
	connectionControl: schema(command_ + "bool bool bool bool bool str/6+ str/6+ bool/6+ bytes/8+"),
	producerAck:       schema(command_ + "obj:producer int"),
	messagePull:       schema(command_ + "cached:consumer cached:dest long str:corr/3+ obj:id/3+"),
	messageDispatch:   schema(command_ + "cached:consumer cached:dest obj:message int:redelivery"),
	messageAck:        schema(command_ + "cached:dest cached:tx cached:consumer byte:ack obj:firstid obj:id int:count err:class/7+"),

	23: schema(message_), 24: schema(message_), 25: schema(message_), 26: schema(message_), 27: schema(message_), 28: schema(message_),
	29: schema(message_ + "str str bool"),

	response:          schema(response_),
	exceptionResponse: schema(response_ + "err:class"),
	dataResponse:      schema(response_ + "obj"),
	dataArrayResponse: schema(response_ + "list"),
	integerResponse:   schema(response_ + "int:result"),
	dispatchNotice:    schema(command_ + "cached:consumer cached:dest long obj:id"),
	brokerSubInfo:     schema(command_ + "obj:broker str:brokername list"),

	subscriptionInfo: schema("str cached str str obj/3+ bool/11+"),
	bridgeFilter:     schema("int/1-9 cached int/10+ int/10+"),

	aQueue: schema("str:name"), aTopic: schema("str:name"), aTempQueue: schema("str:name"), aTempTopic: schema("str:name"),
	aMessageID:    schema("str:view/10+ cached:of long:first long"),
	aLocalTX:      schema("long:first cached:of"),
	anXATX:        schema("int:first bytes:part bytes:part"),
	aConnectionID: schema("str:name"),
	aSessionID:    schema("str:name long:first"),
	aConsumerID:   schema("str:name long:first long:next"),
	aProducerID:   schema("str:name long:next long:first"),
	aBrokerID:     schema("str:name"),
}

// Fields of what is no object: a Java exception with its cause behind the
// frames, a frame, an element of a list.
var (
	errorFields = schema("str:class str trace err")
	frameFields = schema("str str str int")
	listFields  = schema("obj")
	frameField  = schema("frame")
)

// fits reports whether an object of this type may be what a field says.
func fits(m mean, t byte) bool {
	switch m {
	case mDestination, mReplyTo:
		return t >= aQueue && t <= aTempTopic
	case mMessageID, mFirstID:
		return t == aMessageID
	case mProducer:
		return t == aProducerID
	case mConsumer:
		return t == aConsumerID
	case mSession:
		return t == aSessionID
	case mConnection:
		return t == aConnectionID
	case mTransaction:
		return t == aLocalTX || t == anXATX
	case mObject:
		return t >= aConnectionID && t <= aProducerID
	case mBroker:
		return t == aBrokerID
	case mMessage:
		return isMessage(t)
	case mOf:
		return t == aProducerID || t == aConnectionID
	}
	return true
}
