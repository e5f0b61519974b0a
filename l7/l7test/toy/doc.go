// Package toy is a protocol of lines that exists to test l7/engine and l7test:
// it has every way a message can begin and end, and it can misbehave on
// request.
//
//	GET name             OK 5 + body        body skipped by length
//	PUT name 5 + body    ERR 404            status
//	SET name, lines      HINT 103           head of several lines; interim response
//	LOG name 5 + body                       body read by the parser, a gap in it is harmless
//	STREAM name          MORE, +5 + bytes, .  chunks; message with More and End
//	TAIL name            ALL                body until the direction ends
//	TUNNEL name          TUN                opaque from here
//	TELL name                               one-way
//	PANIC name, BREACH name                 the parser panics, or consumes too much
//
// A line may begin with "@7 ": the Match of its message.
package toy
