package openwire

// format is what both sides agreed upon, or what one side offers
// (WireFormatInfo; OpenWireFormat.renegotiateWireFormat of ActiveMQ).
type format struct {
	version uint8
	tight   bool
	cache   bool // objects are sent once, then by index
	stack   bool // exceptions have their frames
	bare    bool // no size in front of commands
	size    int  // of the cache, 0 if unknown
}

// with is what two sides agree upon.
func (a format) with(b format) format {
	return format{
		version: min(a.version, b.version), tight: a.tight && b.tight, cache: a.cache && b.cache, stack: a.stack && b.stack,
		bare: a.bare && b.bare, size: min(a.size, b.size),
	}
}

// set notes a setting of a WireFormatInfo.
func (a *format) set(name []byte, value int64) {
	on := value != 0
	switch string(name) {
	case "TightEncodingEnabled":
		a.tight = on
	case "CacheEnabled":
		a.cache = on
	case "StackTraceEnabled":
		a.stack = on
	case "SizePrefixDisabled":
		a.bare = on
	case "CacheSize":
		a.size = int(max(0, min(value, maxCache)))
	}
}

// guesses is the set of formats that a connection may have whose WireFormatInfos
// were not both captured: a bit per format.
type guesses uint64

const numGuesses = 4 * maxVersion

// guessed is the i-th format. The last one is the likeliest.
func guessed(i int) format {
	return format{version: uint8(i/4) + 1, cache: i&2 != 0, stack: i&1 != 0}
}

// guess is what is possible where one side's offer is known, or none.
func guess(offer *format) (g guesses) {
	for i := range numGuesses {
		f := guessed(i)
		if offer == nil || f.version <= offer.version && (offer.cache || !f.cache) && (offer.stack || !f.stack) {
			g |= 1 << i
		}
	}
	return g
}

func (g guesses) has(i int) bool { return g>>i&1 == 1 }
