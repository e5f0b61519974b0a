package record

import (
	"strconv"
	"strings"
	"time"
)

// name gives the name of a file as tcpdump(8) does: the period's start goes
// through strftime, and the number of the file among those of one size follows,
// with as many leading zeros as the count needs. Without a count the first
// file has no number.
func (c *FilesConfig) name(start int64, number int) string {
	name := c.Path
	if c.Period > 0 {
		zone := c.Location
		if zone == nil {
			zone = time.Local
		}
		name = strftime(name, time.Unix(start, 0).In(zone))
	}
	digits := 0
	if c.Size > 0 {
		digits = countDigits(c.Count)
	}
	if number == 0 && digits == 0 {
		return name
	}
	n := strconv.Itoa(number)
	return name + strings.Repeat("0", max(0, digits-len(n))) + n
}

// countDigits is the width of the numbers of a ring of count files.
func countDigits(count int) (digits int) {
	for n := count - 1; n > 0; n /= 10 {
		digits++
	}
	return digits
}

// periods follows -G over packet times.
type periods struct {
	length int64 // seconds, 0 for none
	from   int64 // start of the present one
	begun  bool
	passed int // that have ended
}

// due reports whether a packet opens the next period, which it then starts.
func (p *periods) due(at int64) bool {
	if p.length == 0 || at == 0 {
		return false
	}
	second := at / 1e9
	if !p.begun {
		p.from, p.begun = second, true
		return false
	}
	if second-p.from < p.length {
		return false
	}
	p.from = second
	p.passed++
	return true
}
