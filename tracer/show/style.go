package show

// style is an ANSI SGR sequence (ECMA-48, 8.3.117).
type style string

const (
	plain  style = ""
	bold   style = "\x1b[1m"
	dim    style = "\x1b[2m"
	red    style = "\x1b[31m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	blue   style = "\x1b[34m"
	cyan   style = "\x1b[36m"
)

const reset = "\x1b[0m"

// on begins a style, off ends it; both add nothing without colours.
func (c Config) on(dst []byte, s style) []byte {
	if c.Color {
		dst = append(dst, s...)
	}
	return dst
}

func (c Config) off(dst []byte, s style) []byte {
	if c.Color && s != plain {
		dst = append(dst, reset...)
	}
	return dst
}

// text adds a literal of ours in a style.
func (c Config) literal(dst []byte, s style, t string) []byte {
	return c.off(append(c.on(dst, s), t...), s)
}

// glyphs are the signs that differ between UTF-8 and ASCII.
type glyphs struct {
	tee, last, pipe, blank string // branches, three columns each
	arrow, fail, open      string
	more                   string
	frame                  string
	fills                  [phases]string
}

var (
	utf8Glyphs = glyphs{
		tee: "├─ ", last: "└─ ", pipe: "│  ", blank: "   ", arrow: "→", fail: "✗", open: "?", more: "…", frame: "│",
		fills: [phases]string{" ", "┈", "▒", "━", "█"},
	}
	asciiGlyphs = glyphs{
		tee: "|- ", last: "`- ", pipe: "|  ", blank: "   ", arrow: "->", fail: "!", open: "?", more: "..", frame: "|",
		fills: [phases]string{" ", ".", ">", "=", "<"},
	}
)

func (c Config) glyphs() *glyphs {
	if c.ASCII {
		return &asciiGlyphs
	}
	return &utf8Glyphs
}
