package amqp

import "github.com/wirespan/wirespan/l7"

// Traits of methods.
const (
	client  uint8 = 1 << iota // clients send it
	server                    // servers send it
	asks                      // it is answered by the method of reply
	answers                   // it is an answer
	content                   // a header and a body follow
	settles                   // messaging.operation.type is settle
)

// method is a method of the protocol.
type method struct {
	id     uint16
	reply  uint16 // method of its class that answers, for asks
	traits uint8
	name   string
}

// class numbers of the specification (3.1).
const (
	connection uint16 = 10
	channel    uint16 = 20
	access     uint16 = 30
	exchange   uint16 = 40
	queue      uint16 = 50
	basic      uint16 = 60
	confirm    uint16 = 85
	tx         uint16 = 90
)

// Methods with a meaning of their own.
const (
	connectionStart   = uint32(connection)<<16 | 10
	connectionStartOk = uint32(connection)<<16 | 11
	connectionOpen    = uint32(connection)<<16 | 40
	connectionClose   = uint32(connection)<<16 | 50
	connectionCloseOk = uint32(connection)<<16 | 51
	channelOpen       = uint32(channel)<<16 | 10
	channelClose      = uint32(channel)<<16 | 40
	channelCloseOk    = uint32(channel)<<16 | 41
	exchangeDeclare   = uint32(exchange)<<16 | 10
	exchangeDelete    = uint32(exchange)<<16 | 20
	exchangeBind      = uint32(exchange)<<16 | 30
	exchangeUnbind    = uint32(exchange)<<16 | 40
	queueDeclare      = uint32(queue)<<16 | 10
	queueDeclareOk    = uint32(queue)<<16 | 11
	queueBind         = uint32(queue)<<16 | 20
	queuePurge        = uint32(queue)<<16 | 30
	queuePurgeOk      = uint32(queue)<<16 | 31
	queueDelete       = uint32(queue)<<16 | 40
	queueDeleteOk     = uint32(queue)<<16 | 41
	queueUnbind       = uint32(queue)<<16 | 50
	basicConsume      = uint32(basic)<<16 | 20
	basicConsumeOk    = uint32(basic)<<16 | 21
	basicCancel       = uint32(basic)<<16 | 30
	basicPublish      = uint32(basic)<<16 | 40
	basicReturn       = uint32(basic)<<16 | 50
	basicDeliver      = uint32(basic)<<16 | 60
	basicGet          = uint32(basic)<<16 | 70
	basicGetOk        = uint32(basic)<<16 | 71
	basicGetEmpty     = uint32(basic)<<16 | 72
	basicAck          = uint32(basic)<<16 | 80
	basicReject       = uint32(basic)<<16 | 90
	basicNack         = uint32(basic)<<16 | 120
	confirmSelect     = uint32(confirm)<<16 | 10
	confirmSelectOk   = uint32(confirm)<<16 | 11
)

// methods are those of each class.
var methods = map[uint16][]method{
	connection: {
		{10, 11, server | asks, "Connection.Start"},
		{11, 0, client | answers, "Connection.Start-Ok"},
		{20, 21, server | asks, "Connection.Secure"},
		{21, 0, client | answers, "Connection.Secure-Ok"},
		{30, 31, server | asks, "Connection.Tune"},
		{31, 0, client | answers, "Connection.Tune-Ok"},
		{40, 41, client | asks, "Connection.Open"},
		{41, 0, server | answers, "Connection.Open-Ok"},
		{50, 51, client | server | asks, "Connection.Close"},
		{51, 0, client | server | answers, "Connection.Close-Ok"},
		{60, 0, server, "Connection.Blocked"},
		{61, 0, server, "Connection.Unblocked"},
		{70, 71, client | asks, "Connection.Update-Secret"},
		{71, 0, server | answers, "Connection.Update-Secret-Ok"},
	},
	channel: {
		{10, 11, client | asks, "Channel.Open"},
		{11, 0, server | answers, "Channel.Open-Ok"},
		{20, 21, client | server | asks, "Channel.Flow"},
		{21, 0, client | server | answers, "Channel.Flow-Ok"},
		{40, 41, client | server | asks, "Channel.Close"},
		{41, 0, client | server | answers, "Channel.Close-Ok"},
	},
	access: {{10, 11, client | asks, "Access.Request"}, {11, 0, server | answers, "Access.Request-Ok"}},
	exchange: {
		{10, 11, client | asks, "Exchange.Declare"},
		{11, 0, server | answers, "Exchange.Declare-Ok"},
		{20, 21, client | asks, "Exchange.Delete"},
		{21, 0, server | answers, "Exchange.Delete-Ok"},
		{30, 31, client | asks, "Exchange.Bind"},
		{31, 0, server | answers, "Exchange.Bind-Ok"},
		{40, 51, client | asks, "Exchange.Unbind"},
		{51, 0, server | answers, "Exchange.Unbind-Ok"},
	},
	queue: {
		{10, 11, client | asks, "Queue.Declare"},
		{11, 0, server | answers, "Queue.Declare-Ok"},
		{20, 21, client | asks, "Queue.Bind"},
		{21, 0, server | answers, "Queue.Bind-Ok"},
		{30, 31, client | asks, "Queue.Purge"},
		{31, 0, server | answers, "Queue.Purge-Ok"},
		{40, 41, client | asks, "Queue.Delete"},
		{41, 0, server | answers, "Queue.Delete-Ok"},
		{50, 51, client | asks, "Queue.Unbind"},
		{51, 0, server | answers, "Queue.Unbind-Ok"},
	},
	basic: {
		{10, 11, client | asks, "Basic.Qos"},
		{11, 0, server | answers, "Basic.Qos-Ok"},
		{20, 21, client | asks, "Basic.Consume"},
		{21, 0, server | answers, "Basic.Consume-Ok"},
		{30, 31, client | server | asks, "Basic.Cancel"},
		{31, 0, client | server | answers, "Basic.Cancel-Ok"},
		{40, 0, client | content, "Basic.Publish"},
		{50, 0, server | content, "Basic.Return"},
		{60, 0, server | content, "Basic.Deliver"},
		{70, 71, client | asks, "Basic.Get"},
		{71, 0, server | answers | content, "Basic.Get-Ok"},
		{72, 0, server | answers, "Basic.Get-Empty"},
		{80, 0, client | server | settles, "Basic.Ack"},
		{90, 0, client | settles, "Basic.Reject"},
		{100, 0, client, "Basic.Recover-Async"},
		{110, 111, client | asks, "Basic.Recover"},
		{111, 0, server | answers, "Basic.Recover-Ok"},
		{120, 0, client | server | settles, "Basic.Nack"},
	},
	confirm: {{10, 11, client | asks, "Confirm.Select"}, {11, 0, server | answers, "Confirm.Select-Ok"}},
	tx: {
		{10, 11, client | asks, "Tx.Select"},
		{11, 0, server | answers, "Tx.Select-Ok"},
		{20, 21, client | asks, "Tx.Commit"},
		{21, 0, server | answers, "Tx.Commit-Ok"},
		{30, 31, client | asks, "Tx.Rollback"},
		{31, 0, server | answers, "Tx.Rollback-Ok"},
	},
}

// find is the method of a class; nil if there is none.
func find(class, id uint16) *method {
	list := methods[class]
	for i := range list {
		if list[i].id == id {
			return &list[i]
		}
	}
	return nil
}

// mayCome reports whether a method travels in a direction.
func (m *method) mayCome(dir l7.Dir) bool {
	if dir == l7.ToServer {
		return m.traits&client != 0
	}
	return m.traits&server != 0
}

// codeName is a reply code (1.2) as error.type.
func codeName(code int) string {
	switch code {
	case 311:
		return "content_too_large"
	case 312:
		return "no_route"
	case 313:
		return "no_consumers"
	case 320:
		return "connection_forced"
	case 402:
		return "invalid_path"
	case 403:
		return "access_refused"
	case 404:
		return "not_found"
	case 405:
		return "resource_locked"
	case 406:
		return "precondition_failed"
	case 501:
		return "frame_error"
	case 502:
		return "syntax_error"
	case 503:
		return "command_invalid"
	case 504:
		return "channel_error"
	case 505:
		return "unexpected_frame"
	case 506:
		return "resource_error"
	case 530:
		return "not_allowed"
	case 540:
		return "not_implemented"
	case 541:
		return "internal_error"
	}
	return "unknown_reply_code"
}
