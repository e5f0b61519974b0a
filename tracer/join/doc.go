// Package join pairs requests and responses into exchanges.
//
// It stands between l7/engine, whose Sink a Joiner is, and tracer/link, to
// which it gives two records per exchange: opened, when the head of the request
// is complete, and finished. A Joiner belongs to one shard and is used by one
// goroutine; it copies what must outlive a message, redacted. Every protocol
// is paired here in the same way: by Message.Match, or first in, first
// answered, with TCP sequence numbers telling which message a lost segment
// took away.
package join
