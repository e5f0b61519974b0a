//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// The steady load under which nothing may be dropped.
const (
	wantedRate = 100_000 // calls a second
	steadyTime = 4 * time.Second
)

// runSteady is the child: it makes somewhat more than wantedRate calls a second
// for steadyTime, in bursts of a millisecond's worth.
func runSteady() {
	write, read := pair("tcp")
	buf := make([]byte, 100)
	const burst = wantedRate / 1000 * 11 / 10 / 2 // pairs of calls
	begin := time.Now()
	for n := range int(steadyTime / time.Millisecond) {
		for range burst {
			_, _ = unix.Write(write, buf)
			_, _ = unix.Read(read, buf)
		}
		time.Sleep(time.Until(begin.Add(time.Duration(n+1) * time.Millisecond)))
	}
	fmt.Printf("%d\n", time.Since(begin).Nanoseconds())
}

// steady prints what becomes of events at wantedRate.
func steady(p *plan, out *bytes.Buffer) error {
	fmt.Fprintf(out, steadyText, wantedRate)
	for _, t := range p.tiers {
		m, err := start(view{tier: t})
		if err != nil {
			return err
		}
		b, err := exec.Command(os.Args[0], "-loop", "steady").Output()
		st, e := m.stop()
		if err != nil {
			return fmt.Errorf("steady load: %w", err)
		}
		if e != nil {
			return e
		}
		var took int64
		if _, err := fmt.Sscan(string(b), &took); err != nil {
			return fmt.Errorf("steady load: %w", err)
		}
		fmt.Fprintf(out, "| `%v` | %.0f | %d | %d |\n", t, float64(st.Emitted)/time.Duration(took).Seconds(), st.Emitted, st.Dropped)
	}
	return nil
}

const steadyText = `
## Events at %d a second

From one program to a reader that shares the machine with it, and a ring of 4 MiB. What does not fit is dropped and counted.

| | a second | told | dropped |
|---|---|---|---|
`
