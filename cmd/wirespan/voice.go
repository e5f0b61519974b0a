package main

import (
	"fmt"
	"os"
	"sync"
)

// voice is how inputs tell people something while the program runs: on stderr,
// and from through on by way of the status line. It may be used by any goroutine.
type voice struct {
	mu   sync.Mutex
	line func(string)
}

func (v *voice) through(line func(string)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line = line
}

func (v *voice) say(s string) {
	v.mu.Lock()
	line := v.line
	v.mu.Unlock()
	if line == nil {
		line = func(s string) { fmt.Fprintln(os.Stderr, s) }
	}
	line("wirespan: " + s)
}

// say tells people something.
func (o *options) say(s string) {
	v := o.voice
	if v == nil {
		v = &voice{}
	}
	v.say(s)
}
