// Package executor tells which calls a program makes for which request, by who
// moved the bytes.
//
// It stands between bpf/sys, whose events it takes one by one, and tracer/link,
// which joins what comes out with the exchanges in the packets. An executor is a
// thread or, where it is known, a goroutine. Events of one direction of a
// connection become messages; what an executor read last says for whom it sends
// next (reference/ebpf.md, section 2.6):
//
//   - an executor that has read a request and makes a call, while it serves
//     nothing else, makes it for that request;
//   - one that serves several at once, an event loop, makes it for the request
//     whose bytes, or whose call's response, it read last: what it does between
//     two reads belongs to the first of them. Where a call goes out on the very
//     connection whose response was just read, another request may have waited
//     for that connection: then nothing is said. A call on a connection that
//     was opened for it belongs to whom the executor served when it connected;
//   - one that reads several things before it writes of any, or that may have gone
//     on with others meanwhile, is believed when it was tested (turns.go);
//   - where tasks wander between threads, one is believed to go on with what it
//     read, if that was tested, and the thread that read the response agrees (strides.go);
//   - an executor that never reads requests, a worker behind a queue, made its
//     calls for the request that it answers afterwards;
//   - one that was woken by an executor that serves a request may serve it, too;
//   - a goroutine that hands its result to the one that serves a request called
//     for that, if such results are seen to go where the calls came from (results.go).
//
// Every Label says by which of these it was found, and of what class it is. A
// Tracker is used by one goroutine; all of its tables are bounded and count
// what they give up. It reads no clock.
package executor
