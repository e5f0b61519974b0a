package engine

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/wirespan/wirespan/l7"
)

// Off as a forced protocol leaves connections to a port alone.
const Off = "off"

// Config says what an Engine looks for and how much it may keep.
type Config struct {
	Protos  []l7.Proto        // in detection order; must not change while an Engine uses it
	Force   map[uint16]string // by server port: Proto.Name instead of all, or Off
	Options l7.Options        // for every parser; ports and multicast are filled in per connection

	// MaxCarry bounds the bytes of all carry-over buffers of the Engine.
	MaxCarry int

	// Panicked is told of a parser's panic, with the bytes it was given,
	// borrowed. It may be nil.
	Panicked func(p *l7.Proto, value any, dir l7.Dir, b []byte)
}

// Validate reports all faults of a Config.
func (c *Config) Validate() error {
	var faults []error
	if len(c.Protos) > maxProtos {
		faults = append(faults, fmt.Errorf("engine: %d protos, must be %d or less", len(c.Protos), maxProtos))
	}
	names := map[string]bool{Off: true}
	for i := range c.Protos {
		p := &c.Protos[i]
		names[p.Name] = true
		if p.Name == "" || p.New == nil || p.Detect == nil || p.Transport == 0 {
			faults = append(faults, fmt.Errorf("engine: protos[%d] %q: name, transport, Detect and New are required", i, p.Name))
		}
		if p.Window < 0 || p.Window > maxWindow {
			faults = append(faults, fmt.Errorf("engine: protos[%d] %q: window %d is not within 0 to %d", i, p.Name, p.Window, maxWindow))
		}
	}
	for port, name := range c.Force {
		if !names[name] {
			faults = append(faults, fmt.Errorf("engine: force: port %d: protocol %q is not known", port, name))
		}
	}
	if c.MaxCarry < minBuffer {
		faults = append(faults, fmt.Errorf("engine: max carry: %d bytes are less than %d", c.MaxCarry, minBuffer))
	}
	if c.Options.IDs == nil {
		faults = append(faults, errors.New("engine: options: IDs is nil"))
	}
	return errors.Join(faults...)
}

// Bounds per connection.
const (
	defaultWindow = 72 << 10 // 64 KiB of message and its head
	maxWindow     = maxBuffer
	minBuffer     = 512
	maxBuffer     = 4 << 20
	buffersClass  = 14 // sizes 512 B to 4 MiB

	detectMax = 2 << 10 // bytes per direction that detection may look at
	replayMax = 4 << 10 // bytes per direction kept for the next candidate
	detectTry = 16      // segments per direction that a start in mid-stream looks at
	detectEnd = 4 << 10 // bytes per direction that something else may take before the protocol

	maxResync   = 8    // failed searches without a message in between
	maxStrike   = 8    // consecutive datagrams that are not of the protocol
	maxIdle     = 4    // messages in a row that a parser may emit without reading a byte, answers to requests not counted
	maxOpen     = 4096 // messages of one direction that wait for their End
	maxOpenMine = 256  // of them, those that a direction may have however many others there are
	maxSwitches = 8    // protocols of one connection that end with ErrSwitch
	maxMarks    = 64   // segments that a carry-over buffer remembers the times of
	maxSpare    = 4096
	headBytes   = 64 // of a message, for the exchange key (SPANS.md, "Ids")
)

// maxOpenAll bounds the messages that wait for their End over all connections of
// an Engine, but for those that every direction may have.
const maxOpenAll = 64 << 10

// class is the free list for a buffer of at least n bytes.
func class(n int) int { return bits.Len(uint(max(n, minBuffer)-1)) - 9 }
