package amqp

// arguments are those of methods that ask, borrowed.
type arguments struct {
	name     []byte // what the method is about
	exchange []byte
	queue    []byte
	key      []byte
	consumer []byte
	text     []byte
	code     int
	noWait   bool
}

// readArguments reads the arguments of a method that asks (the XML definition
// has their order). ok is false if they do not fit.
func readArguments(id uint32, a *fields) (q arguments, ok bool) {
	switch id {
	case connectionOpen:
		q.name = a.short()
	case connectionClose, channelClose:
		q.code, q.text = int(a.number(2)), a.short()
		a.take(4) // the method that failed
	case exchangeDeclare:
		a.take(2) // once the access ticket; so below
		q.exchange = a.short()
		a.short() // type
		a.octet()
		q.name, q.noWait = q.exchange, a.bit(4)
	case exchangeDelete:
		a.take(2)
		q.exchange = a.short()
		a.octet()
		q.name, q.noWait = q.exchange, a.bit(1)
	case exchangeBind, exchangeUnbind:
		a.take(2)
		q.name, q.exchange, q.key = a.short(), a.short(), a.short()
		a.octet()
		q.noWait = a.bit(0)
	case queueDeclare:
		a.take(2)
		q.queue = a.short()
		a.octet()
		q.name, q.noWait = q.queue, a.bit(4)
	case queueBind, queueUnbind:
		a.take(2)
		q.queue, q.exchange, q.key = a.short(), a.short(), a.short()
		if q.name = q.queue; id == queueBind {
			a.octet()
			q.noWait = a.bit(0)
		}
	case queuePurge:
		a.take(2)
		q.queue = a.short()
		a.octet()
		q.name, q.noWait = q.queue, a.bit(0)
	case queueDelete:
		a.take(2)
		q.queue = a.short()
		a.octet()
		q.name, q.noWait = q.queue, a.bit(2)
	case basicConsume:
		a.take(2)
		q.queue, q.consumer = a.short(), a.short()
		a.octet()
		q.name, q.noWait = q.queue, a.bit(3)
	case basicCancel:
		q.consumer = a.short()
		a.octet()
		q.noWait = a.bit(0)
	case basicGet:
		a.take(2)
		q.queue = a.short()
		q.name = q.queue
	case confirmSelect:
		a.octet()
		q.noWait = a.bit(0)
	}
	return q, a.ok && printable(q.name) && printable(q.exchange) && printable(q.consumer)
}
