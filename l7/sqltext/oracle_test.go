package sqltext_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/DataDog/go-sqllexer"

	"github.com/wirespan/wirespan/l7/sqltext"
)

// statements are the SQL texts of the shared captures' truth, and some of our
// own.
func statements(t *testing.T, folder string) (list []string) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "captures", folder, "*.truth.ndjson"))
	seen := map[string]bool{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(f)
		s.Buffer(nil, 1<<24)
		for s.Scan() {
			var row struct{ Resource string }
			if json.Unmarshal(s.Bytes(), &row) == nil && strings.Contains(row.Resource, " ") && !seen[row.Resource] {
				seen[row.Resource] = true
				list = append(list, row.Resource)
			}
		}
		f.Close()
	}
	if len(list) == 0 {
		t.Skip("no captures beside the repository")
	}
	return list
}

var spaces = regexp.MustCompile(`\s+`)

// TestObfuscationAgrees compares with go-sqllexer, where that is right.
func TestObfuscationAgrees(t *testing.T) {
	for folder, d := range map[string]struct {
		ours   sqltext.Dialect
		theirs sqllexer.DBMSType
	}{"mysql": {sqltext.MySQL, sqllexer.DBMSMySQL}, "postgresql": {sqltext.PostgreSQL, sqllexer.DBMSPostgres}} {
		t.Run(folder, func(t *testing.T) {
			o := sqllexer.NewObfuscator()
			r := reader(d.ours)
			differ, n := 0, 0
			for _, sql := range statements(t, folder) {
				if d.ours == sqltext.MySQL && strings.Contains(sql, `"`) || strings.Contains(sql, "/*") || strings.Contains(sql, "-- ") {
					continue // it takes "x" for a name, and keeps comments
				}
				n++
				norm := func(s string) string {
					return strings.ReplaceAll(spaces.ReplaceAllString(strings.TrimSpace(s), " "), "-?", "?")
				}
				want, got := norm(o.Obfuscate(sql, sqllexer.WithDBMS(d.theirs))), norm(string(r.Read([]byte(sql)).Query))
				if len(got) < 8000 && got != want {
					differ++
					t.Logf("%.300q:\n ours   %.300q\n theirs %.300q", sql, got, want)
				}
			}
			t.Logf("%d of %d differ", differ, n)
			if differ*50 > n {
				t.Errorf("%d of %d texts differ", differ, n)
			}
		})
	}
}

// TestTablesAgree compares the tables of a text with those go-sqllexer finds.
func TestTablesAgree(t *testing.T) {
	n := sqllexer.NewNormalizer(sqllexer.WithCollectTables(true), sqllexer.WithCollectCommands(true))
	r := reader(sqltext.MySQL)
	differ, all := 0, 0
	for _, sql := range append(statements(t, "mysql"), statements(t, "postgresql")...) {
		_, meta, err := n.Normalize(sql, sqllexer.WithDBMS(sqllexer.DBMSMySQL))
		if err != nil {
			continue
		}
		all++
		st := r.Read([]byte(sql))
		for _, table := range meta.Tables {
			if !strings.Contains(string(st.Summary), strings.Trim(table, "`\"")) {
				differ++
				t.Logf("%.200q: table %q is not in %q", sql, table, st.Summary)
			}
		}
	}
	t.Logf("%d of %d differ", differ, all)
	if differ*20 > all {
		t.Errorf("%d of %d texts differ", differ, all)
	}
}
