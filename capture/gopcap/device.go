package gopcap

import (
	"time"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// retryTime is how often an interface that went down is tried again.
const retryTime = time.Second

// device is one interface with the goroutine that reads it.
type device struct {
	s     *Source
	name  string
	point uint16
	since time.Time // packets of before have seen no filter

	// Under s.mu: changed by the goroutine of the device only.
	handle *handle
	dead   bool // the handle has been closed
}

// run reads packets until the source is closed. It alone closes the handle.
func (d *device) run() {
	for {
		data, info, err := d.handle.h.ReadPacketData()
		switch {
		case d.closed():
			d.bury()
			return
		case err == nil && data != nil:
			d.accept(data, info.CaptureLength, info.Length, info.Timestamp)
		default:
			// Neither packet nor error: the interface went down. io.EOF: it was
			// down already.
			if d.bury(); !d.reopen() {
				return
			}
		}
	}
}

func (d *device) closed() bool {
	select {
	case <-d.s.closed:
		return true
	default:
		return false
	}
}

// bury closes the handle.
func (d *device) bury() {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.dead = true
	d.handle.h.Close()
}

// reopen waits until the interface is back. It reports false when the source
// was closed before.
func (d *device) reopen() bool {
	retry := time.NewTicker(retryTime)
	defer retry.Stop()
	for {
		select {
		case <-d.s.closed:
			return false
		case <-retry.C:
		}
		d.s.mu.Lock()
		compile := d.s.compile
		h, err := openHandle(d.name, &d.s.cfg, compile)
		if err == nil {
			d.handle, d.dead, d.since = h, false, time.Now()
		}
		d.s.mu.Unlock()
		if err == nil {
			return true
		}
	}
}

// accept queues a packet. captured and wire are lengths as go-pcap tells them.
func (d *device) accept(data []byte, captured, wire int, at time.Time) {
	if !at.After(d.since) {
		return
	}
	n := len(data)
	// A tag that was put back counts in neither length.
	p := capture.Packet{Time: at.UnixNano(), WireLen: uint32(max(n, wire+n-captured)), Tap: d.point, Link: d.handle.link}
	if at.Sub(d.since) < settleTime {
		if n = d.recheck(data, p.WireLen); n == 0 {
			d.s.mu.Lock()
			d.s.stats.Filtered++
			d.s.mu.Unlock()
			return
		}
	}
	n = min(n, d.s.cfg.Snaplen, len(data))
	p.Data = data[:n:n]
	d.s.put(p)
}

// recheck runs the filter over a packet that may not have seen it, and tells
// how much of it to keep. Programs that ask for stripped tags cannot be run:
// the tags are back in the packet.
func (d *device) recheck(data []byte, wire uint32) int {
	d.s.mu.Lock()
	compile := d.s.compile
	d.s.mu.Unlock()
	var program []bpf.RawInstruction
	if compile != nil {
		program, _ = compile(d.handle.link)
	}
	if program == nil || cbpf.NeedsVLAN(program) {
		return len(data)
	}
	return int(min(cbpf.Run(program, data, &cbpf.Meta{Len: wire}), uint32(len(data))))
}
