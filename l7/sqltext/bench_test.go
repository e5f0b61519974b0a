package sqltext_test

import (
	"bytes"
	"testing"

	"github.com/DataDog/go-sqllexer"

	"github.com/wirespan/wirespan/l7/sqltext"
)

const sample = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id " +
	"WHERE o.state = 'open' AND o.total > 100.50 AND o.id IN (1, 2, 3) ORDER BY o.id LIMIT 10 " +
	"/*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',route='%2Forders'*/"

func TestAllocs(t *testing.T) {
	r := reader(sqltext.MySQL)
	b := []byte(sample)
	r.Read(b)
	if n := testing.AllocsPerRun(100, func() { r.Read(b) }); n != 0 {
		t.Errorf("%v allocations per text", n)
	}
}

func BenchmarkRead(b *testing.B) {
	r := reader(sqltext.MySQL)
	sql := []byte(sample)
	b.SetBytes(int64(len(sql)))
	b.ReportAllocs()
	for b.Loop() {
		r.Read(sql)
	}
}

// BenchmarkLexer is what go-sqllexer needs for obfuscation and metadata.
func BenchmarkLexer(b *testing.B) {
	o := sqllexer.NewObfuscator()
	n := sqllexer.NewNormalizer(sqllexer.WithCollectTables(true), sqllexer.WithCollectCommands(true), sqllexer.WithCollectComments(true))
	b.SetBytes(int64(len(sample)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := sqllexer.ObfuscateAndNormalize(sample, o, n, sqllexer.WithDBMS(sqllexer.DBMSMySQL)); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzRead: any text is read to its end within the bounds, and what stands
// between single quotes is never shown by a dialect without escapes.
func FuzzRead(f *testing.F) {
	f.Add(uint8(1), []byte(sample))
	f.Add(uint8(2), []byte("SELECT $a$ x $a$, E'\\'' /* /* */ */"))
	f.Add(uint8(3), []byte("[a]]b] N'x' U&'y' -- x-request-id=1"))
	f.Add(uint8(4), []byte("q'[x]' nq'{y}'"))
	f.Add(uint8(1), []byte("/*!1 a */ /*/ */ DELETE a..b FROM `x`.`y`"))
	f.Fuzz(func(t *testing.T, d uint8, sql []byte) {
		r := reader(sqltext.Dialect(d % 6))
		before := bytes.Clone(sql)
		st := r.Read(sql)
		if !bytes.Equal(before, sql) {
			t.Fatal("the text was written to")
		}
		if len(st.Query) > 8<<10 || len(st.Summary) > 255 || len(st.Op) > 32 || len(st.IDs) > 16 || len(st.Query) > len(sql) {
			t.Fatalf("bounds: %d %d %d %d", len(st.Query), len(st.Summary), len(st.Op), len(st.IDs))
		}
		if !bytes.HasPrefix(st.Summary, st.Op) || !bytes.Contains(st.Summary, st.Table) {
			t.Fatalf("operation %q, table %q, summary %q", st.Op, st.Table, st.Summary)
		}
		for _, id := range st.IDs {
			if len(id.Value) == 0 || len(id.Value) > 512 {
				t.Fatalf("id of %d bytes", len(id.Value))
			}
		}
		// The obfuscated text has no literals left.
		again := reader(sqltext.Dialect(d % 6))
		if q := bytes.Clone(st.Query); len(q) < 8<<10 && bytes.IndexByte(q, '\'') >= 0 && bytes.IndexByte(q, '"') < 0 &&
			bytes.IndexByte(q, '`') < 0 && bytes.IndexByte(q, '[') < 0 && bytes.IndexByte(q, '*') < 0 {
			t.Fatalf("%q is left of %q: %q", q, sql, again.Read(q).Query)
		}
	})
}
