package merge

import (
	"fmt"
	"time"

	"github.com/wirespan/wirespan/capture"
)

// Bounds of a Config.
const (
	MaxInputs = 256
	MaxHold   = time.Second
)

// DefaultHold is how long packets wait for those of other inputs.
const DefaultHold = 10 * time.Millisecond

// Input is a source, with a name for people.
type Input struct {
	Name   string
	Source capture.Source
}

// Config says what to merge.
type Config struct {
	Inputs []Input
	// Hold is how long a packet may wait for earlier ones of other inputs. 0
	// hands on what is there, in the order of time as far as it is there.
	Hold time.Duration
	// Batches of one input that are under way at most; 0 is 4.
	Batches int
	// Report is told what ended an input that failed; may be nil. It is called
	// by goroutines of the merged source.
	Report func(name string, err error)
}

// Validate tells what is wrong with c.
func (c *Config) Validate() error {
	switch {
	case len(c.Inputs) == 0 || len(c.Inputs) > MaxInputs:
		return fmt.Errorf("merge %d inputs: want 1 to %d", len(c.Inputs), MaxInputs)
	case c.Hold < 0 || c.Hold > MaxHold:
		return fmt.Errorf("merge: hold time %v must be 0 to %v", c.Hold, MaxHold)
	case c.Batches < 0 || c.Batches > 1024:
		return fmt.Errorf("merge: %d batches of one input, must be 0 to 1024", c.Batches)
	}
	return nil
}
