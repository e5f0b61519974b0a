package sqltext

// expectation is what the next name would be.
type expectation uint8

const (
	nothing expectation = iota
	target              // a table or another target
	object              // TABLE, VIEW, ... behind CREATE
	detail              // a word that belongs to the operation: SHOW TABLES
)

// summary collects operations and targets while a Reader goes over a text.
type summary struct {
	buf   []byte // "SELECT orders"
	first int    // length of the first operation in buf
	full  bool   // nothing more is added

	begin  bool    // a statement may begin here
	verb   keyword // operation that was read last
	after  int     // length of buf behind it
	prev   keyword // word before
	covers bool    // the statement contains others: EXPLAIN, WITH
	expect expectation
	tables bool // targets of verb are tables

	depth      int    // of parentheses
	from, list uint64 // by depth: FROM has targets; a comma separates targets

	named  bool // the token before was a name or a word
	naming bool // the token before was part of a target
	joined bool // the token before was the dot behind a name

	last         int // start of the last target in buf
	one, oneEnd  int // the first table in buf
	other, found bool
}

// maxDepth bounds the parentheses that are told apart.
const maxDepth = 63

func (s *summary) reset() { *s = summary{buf: s.buf[:0], begin: true} }

// op is the first operation.
func (s *summary) op() []byte { return s.buf[:s.first] }

// table is the only table, nil if there are none or several.
func (s *summary) table() []byte {
	if !s.found || s.other {
		return nil
	}
	return s.buf[s.one:s.oneEnd]
}

// word takes an unquoted word.
func (s *summary) word(w []byte) {
	if s.joined {
		s.part(w)
		return
	}
	k := keywordOf(w)
	s.take(w, k)
	s.prev, s.named = k, true
}

func (s *summary) take(w []byte, k keyword) {
	s.settle()
	switch {
	case s.begin:
		s.operation(w, k)
	case k == kSelect, s.inner(k):
		s.operation(w, k)
	case s.expect == object:
		s.kind(w, k)
	case s.expect == detail && k == kSkip:
	case s.expect == detail:
		s.expect = nothing
		s.add(w, true)
	case s.clause(k):
	case s.expect == target && k != kSkip && k != kTable && k != kInto && k != kCovers:
		s.target(w)
	}
}

// inner reports whether a word is the operation of a statement within another.
func (s *summary) inner(k keyword) bool {
	switch k {
	case kInsert, kUpdate, kDelete, kMerge:
		return s.covers && s.prev != kBefore && s.expect == nothing
	}
	return false
}

// operation begins a statement, or one within another.
func (s *summary) operation(w []byte, k keyword) {
	if classes[w[0]] != letter || w[0] == '@' {
		s.begin = false
		return
	}
	s.add(w, true)
	if s.first == 0 {
		s.first = len(s.buf)
	}
	bit := uint64(1) << s.depth
	s.begin, s.verb, s.after, s.expect, s.tables = false, k, len(s.buf), nothing, true
	s.list &^= bit
	switch k {
	case kSelect:
		s.from |= bit
	case kInsert, kReplace, kMerge, kTarget:
		s.expect = target
	case kUpdate, kDelete:
		s.expect = target
		s.from |= bit
		s.list |= bit
	case kName:
		s.expect, s.tables = target, false
	case kCreate, kAlter, kDrop:
		s.expect = object
	case kWith, kCovers:
		s.covers = true
	case kWord:
		s.expect = detail
	}
}

// kind reads what CREATE, ALTER and DROP act on.
func (s *summary) kind(w []byte, k keyword) {
	switch k {
	case kTable, kKind:
		s.add(w, true)
		s.after, s.expect, s.tables = len(s.buf), target, k == kTable
		if s.verb == kDrop {
			s.list |= 1 << s.depth
		}
	case kSkip, kReplace: // CREATE OR REPLACE
	default:
		s.expect = nothing
	}
}

// clause acts on words that introduce or end targets; false for others.
func (s *summary) clause(k keyword) bool {
	bit := uint64(1) << s.depth
	switch k {
	case kFrom:
		if s.verb == kTarget || s.prev == kDistinct || s.from&bit == 0 {
			return true
		}
		if s.verb == kDelete && s.after <= len(s.buf) { // DELETE a FROM b: a is an alias
			s.forget()
		}
		s.from &^= bit
		s.list |= bit
		s.expect = target
	case kJoin:
		s.expect = target
	case kInto:
		if s.verb != kLoad {
			return false
		}
		s.expect = target
	case kUsing:
		if s.verb == kMerge || s.verb == kDelete {
			s.expect = target
		}
	case kClause:
		s.list &^= bit
		s.expect = nothing
	case kBefore, kDistinct:
		s.expect = nothing
	default:
		return false
	}
	return true
}

// forget takes the targets of the last operation back.
func (s *summary) forget() {
	if s.full || len(s.buf) == s.after {
		return
	}
	s.buf = s.buf[:s.after]
	if s.found && s.one >= s.after {
		s.found, s.other = false, false
	}
}

// mark takes a byte that stands for itself.
func (s *summary) mark(c byte) {
	wasName := s.named
	s.named = false
	if c == '.' {
		if wasName && s.naming {
			s.dot()
		} else if !s.joined || !s.naming {
			s.joined, s.naming = wasName, false
		} else {
			s.dot() // a..b
		}
		return
	}
	s.settle()
	s.naming, s.joined = false, false
	switch c {
	case '(':
		if s.depth < maxDepth {
			s.depth++
		}
		bit := uint64(1) << s.depth
		s.from &^= bit
		s.list &^= bit
		if s.expect == target && s.verb != kDelete && !s.begin {
			s.list |= bit
		} else {
			s.expect = nothing
		}
		s.prev = plain
		return
	case ')':
		s.depth = max(0, s.depth-1)
		s.expect = nothing
	case ',':
		s.expect = nothing
		if s.list>>s.depth&1 != 0 {
			s.expect = target
		}
	case ';':
		s.begin, s.covers, s.depth, s.from, s.list, s.expect = true, false, 0, 0, 0, nothing
	case '{': // {call x} of ODBC
	default:
		s.expect = nothing
		s.begin = false
	}
	s.prev = plain
}

// literal takes a literal or parameter.
func (s *summary) literal() {
	s.settle()
	s.named, s.naming, s.joined, s.begin, s.prev = false, false, false, false, plain
	if s.verb != kUpdate && s.verb != kDelete && s.verb != kInsert { // UPDATE TOP 5 t
		s.expect = nothing
	}
}

// quoted takes a name in quotes.
func (s *summary) quoted(q []byte) {
	if name := q[1:max(1, len(q)-1)]; len(name) > 0 && simple(name) {
		q = name
	}
	if s.joined {
		s.part(q)
		return
	}
	s.settle()
	if s.expect == target {
		s.target(q)
	}
	s.begin, s.named, s.prev = false, true, plain
}

// simple reports whether a name needs no quotes.
func simple(b []byte) bool {
	for _, c := range b {
		if !inWord(c) && c != '-' {
			return false
		}
	}
	return true
}
