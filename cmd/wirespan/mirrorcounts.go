package main

import (
	"fmt"
	"io"

	"github.com/wirespan/wirespan/mirror/listen"
	"github.com/wirespan/wirespan/mirror/stream"
	"github.com/wirespan/wirespan/mirror/watch"
	"github.com/wirespan/wirespan/tracer/metric"
)

// print tells what became of what came in beside interfaces: by listener, of
// captures over TCP, of files.
func (m *mirrored) print(w io.Writer) {
	if m == nil {
		return
	}
	if m.listeners != nil {
		printListeners(w, m.listeners.Listeners())
	}
	if m.streams != nil {
		printStreams(w, m.streams.Counters())
	}
	if m.watched != nil {
		printFiles(w, m.watched.Counters())
	}
	if m.merged != nil {
		var l list
		l.add(m.merged.Counts().Late, "packets came too late to be put in order")
		l.print(w, "merged")
	}
}

// printListeners has a line for each listener: that nothing came to one of them
// is news, too.
func printListeners(w io.Writer, all []listen.Listener) {
	for _, i := range all {
		fmt.Fprintf(w, "%-12s %s: %s", "listener", i.Name, countOf(i.Packets, "packet"))
		if i.Foreign > 0 {
			fmt.Fprintf(w, ", %d that are no tunnel of this kind left out", i.Foreign)
		}
		if i.Drops > 0 {
			fmt.Fprintf(w, ", %d dropped by kernel", i.Drops)
		}
		fmt.Fprintln(w)
	}
}

func printStreams(w io.Writer, n stream.Counters) {
	var l list
	l.add(n.Begun, "begun")
	l.add(n.Broken, "broken")
	l.add(n.Refused, "refused")
	l.add(n.Unreached, "attempts to connect failed")
	l.add(n.Crowded, "interfaces shared a capture point")
	l.print(w, "streams")
}

func printFiles(w io.Writer, n watch.Counters) {
	var l list
	l.add(n.Read, "read")
	l.add(n.Again, "read again, for they had grown")
	l.add(n.Damaged, "damaged")
	l.add(n.Kept, "could not be put away")
	l.add(n.Beyond, "left alone, for there were too many")
	l.print(w, "files")
}

// families are the same as metrics.
func (m *mirrored) families() []metric.Family {
	if m == nil {
		return nil
	}
	var list []metric.Family
	if m.listeners != nil {
		list = append(list, listenerFamily(m.listeners.Listeners()))
	}
	if m.streams != nil {
		n := m.streams.Counters()
		open := metric.Gauge("wirespan.mirror.open_streams", "{stream}", "captures over TCP that are read now")
		open.Add(float64(n.Open))
		list = append(list, open, outcomes("wirespan.mirror.streams", "{stream}", "captures over TCP, by what happened to them",
			outcome{"begun", n.Begun}, outcome{"broken", n.Broken}, outcome{"refused", n.Refused}, outcome{"unreached", n.Unreached}))
	}
	if m.watched != nil {
		n := m.watched.Counters()
		list = append(list, outcomes("wirespan.mirror.files", "{file}", "files of watched directories, by what happened to them",
			outcome{"read", n.Read}, outcome{"damaged", n.Damaged}, outcome{"kept", n.Kept}))
		beyond := metric.Gauge("wirespan.mirror.beyond_files", "{file}", "files and directories for which there is no room, left alone")
		beyond.Add(float64(n.Beyond))
		list = append(list, beyond)
	}
	if m.merged != nil {
		list = append(list, oneCount("wirespan.mirror.late_packets", "{packet}", "packets that came too late to be put in order", m.merged.Counts().Late))
	}
	return list
}

func listenerFamily(all []listen.Listener) metric.Family {
	f := metric.Counter("wirespan.mirror.listener_packets", "{packet}", "packets that came to a listener, by what became of them")
	for _, i := range all {
		f.Add(float64(i.Packets), "listener", i.Name, "outcome", "taken")
		f.Add(float64(i.Foreign), "listener", i.Name, "outcome", "foreign")
		f.Add(float64(i.Drops), "listener", i.Name, "outcome", "dropped")
	}
	return f
}

// outcome is one of the counters of a family.
type outcome struct {
	as string
	n  uint64
}

func outcomes(name, unit, help string, all ...outcome) metric.Family {
	f := metric.Counter(name, unit, help)
	for _, o := range all {
		f.Add(float64(o.n), "outcome", o.as)
	}
	return f
}
