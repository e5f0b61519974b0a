package sqltext

// Dialect says which lexical rules hold.
type Dialect uint8

// Dialects. Generic hides whatever is a string in any of them.
const (
	Generic    Dialect = iota
	MySQL              // "x" is a string, `x` a name, # and "-- " begin comments, /*! */ is executed
	PostgreSQL         // "x" is a name, E'\'' has escapes, $tag$ strings, comments nest
	MSSQL              // "x" and [x] are names, comments nest
	Oracle             // "x" is a name, q'[x]' strings
	CQL                // "x" is a name, // begins a comment
)

// features of the dialects.
type features struct {
	backslash  bool // escapes in every '' string
	doubleName bool // "x" is a name
	hash       bool // # begins a comment
	slashes    bool // // begins a comment
	spacedDash bool // -- begins a comment only before white space
	nested     bool // comments nest
	executable bool // /*! */ is no comment
	bracket    bool // [x] is a name
	uuid       bool // UUIDs are literals without quotes
	colon      bool // :1 is a parameter
}

var featuresOf = [...]features{
	Generic:    {backslash: true},
	MySQL:      {backslash: true, hash: true, spacedDash: true, executable: true},
	PostgreSQL: {doubleName: true, nested: true},
	MSSQL:      {doubleName: true, nested: true, bracket: true},
	Oracle:     {doubleName: true, colon: true},
	CQL:        {doubleName: true, slashes: true, uuid: true},
}

// class is what a byte may begin.
type class uint8

const (
	other class = iota
	space
	letter
	digit
	single
	double
	tick
	dash
	slash
	hash
	dollar
	bracket
	dot
	mark // ( ) , ;
)

var classes = func() (t [256]class) {
	for c := range t {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= 0x80, c == '_', c == '@':
			t[c] = letter
		case c >= '0' && c <= '9':
			t[c] = digit
		}
	}
	for i, set := range [...]string{
		space: " \t\r\n\v\f\x00", single: "'", double: `"`, tick: "`", dash: "-", slash: "/",
		hash: "#", dollar: "$", bracket: "[", dot: ".", mark: "(),;",
	} {
		for _, c := range []byte(set) {
			t[c] = class(i)
		}
	}
	return t
}()

// inWord reports whether a byte goes on with a name or keyword.
func inWord(c byte) bool {
	k := classes[c]
	return k == letter || k == digit || k == dollar || k == hash
}
