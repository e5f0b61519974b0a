package show

// Bounds.
const (
	defaultWidth = 120
	minWidth     = 40
	maxWidth     = 1000
	maxSpans     = 2000     // spans of one trace that are drawn; the rest is counted
	maxBlock     = 16 << 20 // bytes of their copies
	maxServices  = 256      // distinct services of one trace that are counted
	maxLevels    = 24       // levels of a tree that indent
	flushAt      = 64 << 10 // bytes gathered before they are written
)

// Config says how the output looks. The zero Config is plain UTF-8 text of 120
// columns.
type Config struct {
	Width   int  // columns of the terminal, 0 for 120
	Whole   bool // nothing is shortened, for output that programs read: what is too long for its column moves the rest of the line
	Color   bool // ANSI colours
	ASCII   bool // nothing beyond ASCII, for locales without UTF-8
	Verbose bool // Tree: why spans are linked, ids, addresses, losses
}

// room is how many columns a text of the given columns may take in a column of
// the given width.
func (c Config) room(text, width int) int {
	if c.Whole {
		return max(text, width)
	}
	return width
}

func (c Config) width() int {
	if c.Width == 0 {
		return defaultWidth
	}
	return min(max(c.Width, minWidth), maxWidth)
}
