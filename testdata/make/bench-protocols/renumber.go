package main

const (
	shortest = 12 // digits of what looks like an ID: the end of a UUID
	longest  = 40
	changed  = 6 // of them
)

// renumber changes what looks like an ID: a run of hexadecimal or decimal
// digits. The same text becomes the same other text in every packet of a
// repetition, so that repetitions are distinct and what belongs together in a
// recording still does.
func renumber(b []byte, number uint32) {
	for i := 0; i < len(b); {
		end, decimal := digits(b, i)
		if n := end - i; n >= shortest && n <= longest {
			for k := range changed {
				add(&b[end-1-k], byte(number>>(3*k))&7, decimal)
			}
		}
		i = end + 1
	}
}

// digits is where the digits that begin at i end, and whether all are decimal.
func digits(b []byte, i int) (end int, decimal bool) {
	decimal = true
	for end = i; end < len(b); end++ {
		switch c := b[end]; {
		case c >= '0' && c <= '9':
		case c >= 'a' && c <= 'f':
			decimal = false
		default:
			return end, decimal
		}
	}
	return end, decimal
}

// add adds n to a digit, without carry.
func add(c *byte, n byte, decimal bool) {
	const all = "0123456789abcdef"
	base, value := byte(16), *c-'0'
	if *c >= 'a' {
		value = *c - 'a' + 10
	}
	if decimal {
		base = 10
	}
	*c = all[(value+n)%base]
}
