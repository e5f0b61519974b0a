package rocketmq

// Codes of requests that are more than names (class RequestCode).
const (
	sendMessage      = 10
	pullMessage      = 11
	updateOffset     = 15
	sendBack         = 36
	endTransaction   = 37
	sendMessageV2    = 310
	sendBatch        = 320
	sendReply        = 324
	sendReplyV2      = 325
	litePullMessage  = 361
	popMessage5      = 200050 // codes of 5.0 to 5.3; the others are short
	ackMessage5      = 200051
	peekMessage5     = 200052
	popLite5         = 200071
	batchAckMessage5 = 200151
	popMessage       = 3442
	ackMessage       = 3443
	peekMessage      = 3444
	batchAckMessage  = 3543
)

// sends reports whether a request brings messages to a broker.
func sends(code int32) bool {
	return code == sendMessage || code == sendMessageV2 || code == sendBatch || code == sendReply || code == sendReplyV2
}

// short reports whether the names of the fields of a request are one letter
// long (class SendMessageRequestHeaderV2).
func short(code int32) bool {
	return code == sendMessageV2 || code == sendBatch || code == sendReplyV2
}

var (
	send    = []byte("send")
	receive = []byte("receive")
	settle  = []byte("settle")
)

// operationType is messaging.operation.type of a request, nil if it has none.
func operationType(code int32) []byte {
	switch code {
	case sendMessage, sendMessageV2, sendBatch, sendReply, sendReplyV2:
		return send
	case pullMessage, litePullMessage, popMessage, popMessage5, popLite5, peekMessage, peekMessage5:
		return receive
	case updateOffset, sendBack, endTransaction, ackMessage, ackMessage5, batchAckMessage, batchAckMessage5:
		return settle
	}
	return nil
}

// byBroker are the requests that a broker sends to its clients.
var byBroker = []int32{39, 40, 220, 221, 307, 309, 326}
