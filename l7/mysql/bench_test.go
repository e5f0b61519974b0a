package mysql

import (
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// Packets of a query with two rows (EOF packets left out) and of an execution.
const (
	query    = "\x2a\x00\x00\x00\x03SELECT id, item FROM orders WHERE id > 10"
	columns2 = "\x01\x00\x00\x01\x02" +
		"\x27\x00\x00\x02\x03def\x04shop\x06orders\x06orders\x02id\x02id\x0c\x3f\x00\x0b\x00\x00\x00\x03\x00\x00\x00\x00\x00" +
		"\x2b\x00\x00\x03\x03def\x04shop\x06orders\x06orders\x04item\x04item\x0c\x3f\x00\x0b\x00\x00\x00\xfd\x00\x00\x00\x00\x00"
	textRows = "\x09\x00\x00\x04\x0211\x05bread" + "\x0a\x00\x00\x05\x0212\x06butter" + "\x07\x00\x00\x06\xfe\x00\x00\x22\x00\x00\x00"
)

// plain is the ordinary exchange, which must cost nothing.
func plain() l7test.Session {
	return l7test.TCP(l7test.Client(query), l7test.Server(columns2+textRows))
}

// execution runs a prepared statement again and again.
func execution() l7test.Session {
	s := l7test.TCP(
		l7test.Client("\x26\x00\x00\x00\x16SELECT item FROM orders WHERE id = ? "),
		l7test.Server("\x0c\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		l7test.Client("\x12\x00\x00\x00\x17\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01\x03\x00\x05\x00\x00\x00"),
		l7test.Server(columns2+"\x08\x00\x00\x04\x00\x00\x01\x00\x00\x00\x01a"+"\x07\x00\x00\x05\xfe\x00\x00\x22\x00\x00\x00"),
	)
	s.Repeat = 2
	return s
}

func TestAllocs(t *testing.T) {
	t.Run("query", func(t *testing.T) { l7test.Allocs(t, Proto(), plain()) })
	t.Run("execution", func(t *testing.T) { l7test.Allocs(t, Proto(), execution()) })
}

func BenchmarkQuery(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

func BenchmarkExecution(b *testing.B) { l7test.Bench(b, Proto(), execution()) }
