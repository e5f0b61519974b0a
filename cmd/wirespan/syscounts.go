package main

import (
	"io"

	"github.com/wirespan/wirespan/tracer/executor"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/metric"
)

// sysCounts is what became of the events of processes, of all hosts.
type sysCounts struct {
	hosts    int
	executor executor.Stats
	link     link.SystemStats
}

// counts gathers the counters; it is called by the linker's goroutine.
func (s sysFeeds) counts(l *link.Linker) (c sysCounts) {
	for _, f := range s {
		c.hosts++
		c.executor.Add(f.tracker.Stats())
	}
	c.link = l.SystemStats()
	return c
}

// print tells what became of messages and calls.
func (c *sysCounts) print(w io.Writer) {
	if c.hosts == 0 {
		return
	}
	var l list
	l.add(c.link.Joined, "joined with exchanges")
	l.add(c.link.Unjoined, "of no exchange")
	l.add(c.link.Uncertain, "of no sure place")
	l.add(c.link.Waiting, "waited at the end")
	l.add(c.link.Refused, "given up for want of room")
	l.add(c.link.Sideless, "without room for a span")
	l.print(w, "processes")
	l = list{}
	x := &c.executor
	l.add(x.Labels[executor.Certain], "certain")
	l.add(x.Labels[executor.Inferred], "inferred")
	l.add(x.Labels[executor.Weak], "weak")
	l.add(x.Unlabeled, "for nobody known")
	l.print(w, "calls")
	l = list{}
	l.add(x.Losses, "losses of events")
	l.add(x.Disordered, "events out of order")
	l.add(x.Evicted, "connections forgotten")
	l.add(x.Forgotten, "threads forgotten")
	l.print(w, "given up")
}

// families are the same counters.
func (c *sysCounts) families() []metric.Family {
	if c.hosts == 0 {
		return nil
	}
	x, k := &c.executor, &c.link
	messages := metric.Counter("wirespan.sys.messages", "{message}", "messages that processes moved, by what became of them; the others wait")
	for _, o := range []struct {
		n  uint64
		as string
	}{{k.Joined, "joined"}, {k.Unjoined, "unjoined"}, {k.Uncertain, "uncertain"}, {k.Refused, "refused"}} {
		messages.Add(float64(o.n), "outcome", o.as)
	}
	calls := metric.Counter("wirespan.sys.linked_calls", "{call}", "requests that processes sent, by how sure it is for whom; the class of a call may rise")
	for i, n := range x.Labels {
		if i > 0 {
			calls.Add(float64(n), "class", executor.Class(i).String())
		}
	}
	calls.Add(float64(x.Unlabeled), "class", "unknown")
	waiting := metric.Gauge("wirespan.sys.waiting_messages", "{message}", "messages of processes that wait for their exchanges")
	waiting.Add(float64(k.Waiting))
	return []metric.Family{
		messages, waiting, calls,
		oneCount("wirespan.sys.sideless_messages", "{message}", "messages of processes that got no span for want of room", k.Sideless),
		oneCount("wirespan.sys.tracked_events", "{event}", "events of the module that were looked at", x.Events),
		oneCount("wirespan.sys.event_losses", "{time}", "times that events of the module were lost, behind which nothing is said for a while", x.Losses),
		oneCount("wirespan.sys.disordered_events", "{event}", "events of bytes before their message", x.Disordered),
		oneCount("wirespan.sys.evicted_connections", "{connection}", "connections of processes that were forgotten for want of room", x.Evicted),
		oneCount("wirespan.sys.forgotten_executors", "{executor}", "threads and goroutines that were forgotten for want of room", x.Forgotten),
	}
}
