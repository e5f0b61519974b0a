package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// settings are the flags that decide on capture points, and on what they show
// twice, as a recording keeps them: a line each.
func (o *pointFlags) settings() string {
	var b strings.Builder
	for _, r := range append(append([]string(nil), o.rules...), o.more...) {
		fmt.Fprintf(&b, "point=%s\n", r)
	}
	if o.by != byInput && o.by != byAuto {
		fmt.Fprintf(&b, "point-by=%s\n", o.by)
	}
	if o.duplicates == "drop" {
		fmt.Fprintf(&b, "duplicates=%s\nduplicate-window=%v\n", o.duplicates, o.window)
	}
	if o.clock == byERSPAN {
		b.WriteString("mirror-clock=" + byERSPAN + "\n")
	}
	return b.String()
}

// adopt takes over what a recording was made with, where no flag says otherwise.
// Rules of the recording come behind those of the flags.
func (o *pointFlags) adopt(lines []string) error {
	var errs []error
	by, duplicates := o.by == byAuto, o.duplicates == byAuto
	for _, l := range lines {
		key, value, _ := strings.Cut(l, "=")
		before := *o
		switch key {
		case "point":
			o.more = append(o.more, value)
		case "point-by":
			if by {
				o.by = value
			}
		case "duplicates":
			if duplicates {
				o.duplicates = value
			}
		case "mirror-clock":
			if o.clock == byAuto {
				o.clock = value
			}
		case "duplicate-window":
			if d, err := time.ParseDuration(value); err == nil && duplicates {
				o.window = d
			}
		}
		if err := o.check(); err != nil {
			*o = before
			errs = append(errs, fmt.Errorf("setting %q of the recording is passed over: %w", l, err))
		}
	}
	return errors.Join(errs...)
}
