package openwire

// Data types of commands and of what they hold (the specification's "Command
// Types" and "Object Types"; CommandTypes of ActiveMQ).
const (
	wireFormatInfo    = 1
	brokerInfo        = 2
	connectionInfo    = 3
	sessionInfo       = 4
	consumerInfo      = 5
	producerInfo      = 6
	transactionInfo   = 7
	destinationInfo   = 8
	removeSubInfo     = 9
	keepAliveInfo     = 10
	shutdownInfo      = 11
	removeInfo        = 12
	controlCommand    = 14
	flushCommand      = 15
	connectionError   = 16
	consumerControl   = 17
	connectionControl = 18
	producerAck       = 19
	messagePull       = 20
	messageDispatch   = 21
	messageAck        = 22
	firstMessage      = 23
	lastMessage       = 29
	response          = 30
	exceptionResponse = 31
	dataResponse      = 32
	dataArrayResponse = 33
	integerResponse   = 34
	lastResponse      = 34
	subscriptionInfo  = 55
	dispatchNotice    = 90
	bridgeFilter      = 91
	brokerSubInfo     = 92

	aQueue           = 100
	aTopic           = 101
	aTempQueue       = 102
	aTempTopic       = 103
	aMessageID       = 110
	aLocalTX         = 111
	anXATX           = 112
	aConnectionID    = 120
	aSessionID       = 121
	aConsumerID      = 122
	aProducerID      = 123
	aBrokerID        = 124
	firstID, numType = 100, 125
)

// isMessage reports whether a type is one of the kinds of messages.
func isMessage(t byte) bool { return t >= firstMessage && t <= lastMessage }

// isResponse reports whether a type is one of the kinds of responses.
func isResponse(t byte) bool { return t >= response && t <= lastResponse }

// names of commands, and of what else travels on a connection of its own.
var names = [...]string{
	1: "WireFormatInfo", 2: "BrokerInfo", 3: "ConnectionInfo", 4: "SessionInfo", 5: "ConsumerInfo", 6: "ProducerInfo", 7: "TransactionInfo",
	8: "DestinationInfo", 9: "RemoveSubscriptionInfo", 10: "KeepAliveInfo", 11: "ShutdownInfo", 12: "RemoveInfo", 14: "ControlCommand",
	15: "FlushCommand", 16: "ConnectionError", 17: "ConsumerControl", 18: "ConnectionControl", 19: "ProducerAck", 20: "MessagePull",
	21: "MessageDispatch", 22: "MessageAck", 23: "ActiveMQMessage", 24: "ActiveMQBytesMessage", 25: "ActiveMQMapMessage",
	26: "ActiveMQObjectMessage", 27: "ActiveMQStreamMessage", 28: "ActiveMQTextMessage", 29: "ActiveMQBlobMessage", 30: "Response",
	31: "ExceptionResponse", 32: "DataResponse", 33: "DataArrayResponse", 34: "IntegerResponse", 90: "MessageDispatchNotification",
	92: "BrokerSubscriptionInfo",
}

// destinations names the kinds of destinations, from aQueue on.
var destinations = [...][]byte{[]byte("queue"), []byte("topic"), []byte("temp-queue"), []byte("temp-topic")}

// acks names the kinds of acknowledgements (MessageAck).
var acks = [...][]byte{
	[]byte("delivered"), []byte("poison"), []byte("standard"), []byte("redelivered"), []byte("individual"), []byte("unmatched"), []byte("expired"),
}

// steps names what a TransactionInfo does.
var steps = [...][]byte{
	[]byte("begin"), []byte("prepare"), []byte("commit_one_phase"), []byte("commit_two_phase"), []byte("rollback"), []byte("recover"),
	[]byte("forget"), []byte("end"),
}
