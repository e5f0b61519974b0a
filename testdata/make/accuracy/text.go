package main

// before and after are the text of the page around the table.
const before = `# How often threads tell the right parent

With ` + "`--sys`" + `, the kernel says which process, thread and goroutine moved which
bytes, and the linker joins a call with the request that it was made for. How
often it is right depends on how a program works. Here, real servers call a back
end once or twice for every request, and pass no ID; the number of the request
is in the path, where the linker does not look, and each call is compared with it.

Each field has three shares of all calls, in percent: **right** (the call hangs
below its request), **wrong** (below another), and unlinked (below none). Calls
that pass an ID or a trace context are joined by that in any case, as the row
with IDs shows; the others are about those that do not.

The page is written by ` + "`go run ./testdata/make/accuracy`" + ` (as root), failures
included.

`

const after = `
## Why some are not linked

A call is joined when no other request can have been its cause. Where one can,
nothing is said: an unlinked call is a trace of its own, a wrong one would be a lie.

* **Requests that wait for what the kernel does not see** in an event loop: a timer, a file, a free connection of a bounded pool. When one of
  them goes on, it does so in the turn of whatever was read last. As long as any request may go on so, no call of the loop is joined, unless the loop's
  answers show that this does not happen in it (node with timers, node with a bounded agent: it does).
* **Loops that read many sockets before they write to any** (HAProxy under load): the calls of such a turn have as many possible causes as it has
  requests. By its answers such a program shows whether it keeps the order, and is then believed; saturated, HAProxy does not keep it, and is not.
* **Answers that end with their connection** (nginx before FastCGI without keep-alive): the end is no call that moves bytes, so a request
  that waits for it may go on at any time.
* **Virtual threads**: the task moves between threads. That is noticed by requests which one thread reads and another one answers, and threads are then
  believed only in what they go on with: what a thread writes first behind what it reads, as long as tasks wait for nothing but their connections. Answers
  test that: a call is joined if the thread that made it and the one that read its response lead to the same request, in programs in which they next to always
  do. A task that waits for a lock or a timer is lost from sight, and a program in which many do is not believed.
* **Queues that are never empty** (the Go pool, saturated): a worker takes the next job without being woken, so its calls are joined when it hands its result back
  to the goroutine that read the request. A pool that was saturated from its first request on has not shown that it does so, and is joined later.
* **Go without goroutine wakes**: ` + "`net/http`" + ` makes a call in other goroutines than the one that serves the request, and nothing says which.

IDs do not have these limits: let the gateway add one.
`
