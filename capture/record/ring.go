package record

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// retryPause is how long a file that could not be written is left alone.
const retryPause = time.Second

// ring is the writing side of Files: it decides which file a packet goes to.
// It belongs to one goroutine.
type ring struct {
	cfg      *FilesConfig
	counters *fileCounters
	now      func() time.Time // of retries
	id       string           // of the recording
	opened   uint64           // files so far

	start   int64 // of the period, seconds
	begun   bool  // start is known
	number  int   // of the file among those of one size
	file    *volume
	failing bool
	retry   time.Time
	last    time.Time // of the chunk at hand
	drops   capture.Stats
	lost    uint64 // that the statistics of a file told
}

func newRing(cfg *FilesConfig, counters *fileCounters) (*ring, error) {
	r := &ring{cfg: cfg, counters: counters, now: cfg.now, id: newID(), begun: !cfg.Start.IsZero()}
	if r.now == nil {
		r.now = time.Now
	}
	if r.begun {
		r.start = cfg.Start.Unix()
	} else if cfg.Period > 0 {
		return r, nil // the name needs the time of the first packet
	}
	return r, r.open()
}

// newID names a recording: not the packets, so that two recordings of one
// minute differ.
func newID() string {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return hex.EncodeToString(time.Now().AppendFormat(nil, time.RFC3339Nano))
	}
	return hex.EncodeToString(b[:])
}

// open opens the file whose turn it is.
func (r *ring) open() error {
	v, err := openVolume(r.cfg, r.cfg.name(r.start, r.number), pcapfile.Recording{Agent: r.cfg.Agent, ID: r.id, File: r.opened, Settings: r.cfg.Settings})
	if err != nil {
		return err
	}
	r.file = v
	r.opened++
	r.counters.files.Add(1)
	return nil
}

// chunk writes the slots of a buffer.
func (r *ring) chunk(c *chunk) {
	r.last = r.now()
	var s slot
	for b := c.buf; len(b) > 0; {
		b = s.take(b)
		if s.kind == slotRotate {
			r.period(s.packet.Time / 1e9)
			continue
		}
		r.packet(&s.packet, c.names[s.point])
	}
	if r.cfg.Immediate && r.file != nil {
		r.settle(r.file.flush())
	}
}

// period begins a new one.
func (r *ring) period(start int64) {
	r.start, r.number = start, 0
	r.next()
}

// next closes the file and opens the one whose turn it is.
func (r *ring) next() {
	if r.file != nil {
		if err := r.finish(); err != nil {
			r.fail(err)
		}
	}
	if err := r.open(); err != nil {
		r.fail(err)
	}
}

// packet writes a packet, or counts it as lost.
func (r *ring) packet(p *capture.Packet, point string) {
	if !r.begun {
		r.start, r.begun = p.Time/1e9, true
	}
	switch {
	case r.failing && r.file == nil && r.last.Before(r.retry):
		r.lose(1, len(p.Data))
		return
	case r.file == nil:
		if err := r.open(); err != nil {
			r.lose(1, len(p.Data))
			r.fail(err)
			return
		}
	case r.failing && r.file.failed && r.last.Before(r.retry):
		r.lose(1, len(p.Data))
		return
	case r.failing && r.file.failed && r.cfg.Size > 0 && r.cfg.Count > 0:
		r.turn() // the file to be overwritten makes room
	case r.cfg.Size > 0 && r.file.w.Size() > r.cfg.Size:
		r.turn()
	}
	if r.file == nil {
		r.lose(1, len(p.Data))
		return
	}
	r.settle(r.file.write(p, point))
}

// turn goes on to the next file of a size.
func (r *ring) turn() {
	r.number++
	if r.cfg.Count > 0 && r.number >= r.cfg.Count {
		r.number = 0
	}
	r.next()
}

// settle takes note of what became of packets.
func (r *ring) settle(o outcome) {
	r.counters.packets.Add(o.packets)
	r.counters.bytes.Add(o.bytes)
	if o.lost > 0 {
		r.lose(o.lost, int(o.lostBytes))
	}
	if o.err != nil {
		r.fail(o.err)
	} else if o.bytes > 0 && r.failing {
		r.failing = false
		if r.cfg.Report != nil {
			r.cfg.Report(nil)
		}
	}
}

func (r *ring) lose(packets uint64, bytes int) {
	r.counters.lostWrite.Add(packets)
	r.counters.lostBytes.Add(uint64(bytes))
}

// fail tells the first error of a failure.
func (r *ring) fail(err error) {
	r.retry = r.now().Add(retryPause)
	if r.failing {
		return
	}
	r.failing = true
	r.counters.failures.Add(1)
	if r.cfg.Report != nil {
		r.cfg.Report(fmt.Errorf("record packets: %w", err))
	}
}

// finish writes the statistics of the file and closes it.
func (r *ring) finish() error {
	var drops capture.Stats
	if r.cfg.Drops != nil {
		if st, err := r.cfg.Drops(); err == nil {
			drops = st
		}
	}
	lost := r.counters.lostBuffer.Load() + r.counters.lostWrite.Load()
	o, err := r.file.close(losses{
		kernel: drops.Drops - min(drops.Drops, r.drops.Drops),
		iface:  drops.IfDrops - min(drops.IfDrops, r.drops.IfDrops),
		own:    lost - min(lost, r.lost),
	})
	r.file = nil
	r.drops, r.lost = drops, lost
	r.settle(o)
	return errors.Join(o.err, err)
}

// close ends the recording.
func (r *ring) close() error {
	r.last = r.now()
	if r.file == nil {
		return nil
	}
	if err := r.finish(); err != nil {
		return fmt.Errorf("record packets: %w", err)
	}
	return nil
}
