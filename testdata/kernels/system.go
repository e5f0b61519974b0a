package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// system has each tier tell of one request: both processes' sides of it.
func system(addr string) error {
	var errs []error
	for i, tier := range tiers() {
		id := fmt.Sprintf("%.30s%02x", requestID, i)
		err := live([]string{"--sys", tier}, func(_ *os.Process, spans, said <-chan string) error {
			if err := until(said, "listening on"); err != nil {
				return err
			}
			if err := ask(addr, id); err != nil {
				return err
			}
			return sides(spans, tier)
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("tier %s: %w", tier, err))
			continue
		}
		fmt.Printf("[tier] %s passed\n", tier)
	}
	return errors.Join(errs...)
}

// tiers are those that this kernel should have, or those that are asked for: the
// kernel hands words of its command line that it does not know on to init, as
// TIERS=fexit,syscall. The tracepoints of sock came with 6.3.
func tiers() []string {
	if names, ok := os.LookupEnv("TIERS"); ok {
		return strings.FieldsFunc(names, func(r rune) bool { return r == ',' })
	}
	list := []string{"fexit", "syscall", "legacy"}
	if _, err := os.Stat("/sys/kernel/tracing/events/sock/sock_send_length"); err == nil {
		list = append([]string{"sock"}, list...)
	}
	return list
}

// sides waits for the spans of both processes.
func sides(spans <-chan string, tier string) error {
	seen := map[string]bool{"c-app": false, "s-app": false}
	late := time.After(patience)
	for !seen["c-app"] || !seen["s-app"] {
		select {
		case line, ok := <-spans:
			if !ok {
				return fmt.Errorf("it ended; sides: %v", seen)
			}
			if !strings.Contains(line, `"wirespan.sys.tier":"`+tier+`"`) {
				continue
			}
			for side := range seen {
				if strings.Contains(line, `"wirespan.observation":"`+side+`"`) && strings.Contains(line, `"process.pid":1,`) {
					seen[side] = true
				}
			}
		case <-late:
			return fmt.Errorf("sides: %v: %w", seen, unix.ETIMEDOUT)
		}
	}
	return nil
}
