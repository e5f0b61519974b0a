package clickhouse

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

func TestParseDSN(t *testing.T) {
	for _, c := range []struct {
		dsn, addr, database, cluster string
		replicated                   int
		perHost                      bool
	}{
		{"clickhouse://h", "h:9000", "wirespan", "", -1, false},
		{"clickhouse://u:p%3F@a,b:9001/spans?cluster=c&replicated=1&dial_timeout=3s", "a:9000 b:9001", "spans", "c", 1, false},
		{"clickhouse://[::1]/x?secure=true", "[::1]:9440", "x", "", -1, false},
		{"http://h/x", "h:8123", "x", "", -1, false},
		{"clickhouse://h/x?cluster=c&ddl=hosts&replicated=0", "h:9000", "x", "c", 0, true},
	} {
		got, err := parseDSN(c.dsn)
		if err != nil {
			t.Errorf("%s: %v", c.dsn, err)
			continue
		}
		if a := strings.Join(got.options.Addr, " "); a != c.addr || got.database != c.database || got.cluster != c.cluster ||
			got.replicated != c.replicated || got.perHost != c.perHost {
			t.Errorf("%s: %s %+v", c.dsn, a, got)
		}
		if got.options.Auth.Database != "" || len(got.options.Settings) > 0 {
			t.Errorf("%s: database %q, settings %v", c.dsn, got.options.Auth.Database, got.options.Settings)
		}
	}
	for _, dsn := range []string{
		"", "clickhouse://", "clickhouse://u:secret@h/x?ddl=all&cluster=c", "clickhouse://u:secret@h/x?replicated=yes&cluster=c",
		"clickhouse://u:secret@h/x?ddl=hosts", "clickhouse://u:secret@h:x/y", "clickhouse://u:secret@h/?a=%zz",
	} {
		if _, err := parseDSN(dsn); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func TestValidate(t *testing.T) {
	cfg := Default("clickhouse://h")
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{Retention: time.Millisecond, MaxBytes: -1}
	err := bad.Validate()
	for _, want := range []string{"dsn", "retention", "max-bytes", "batch-spans", "batch-delay", "waiting", "inserts", "retry-for", "sweep"} {
		if err == nil || !strings.Contains(err.Error(), want+":") {
			t.Errorf("nothing about %s in %v", want, err)
		}
	}
}

func TestFateOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want fate
	}{
		{io.EOF, passing},
		{&ch.Exception{Code: 252}, passing},
		{&ch.Exception{Code: 243}, full},
		{&ch.Exception{Code: 76, Message: "Cannot write, errno: 28, strerror: No space left on device"}, full},
		{&ch.Exception{Code: 60}, final},
		{errors.Join(errors.New("x"), &ch.Exception{Code: 60}), final},
	} {
		if got := fateOf(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestSurplus(t *testing.T) {
	days := []partition{{number: 10, bytes: 5}, {number: 11, bytes: 5}, {number: 12, bytes: 50}}
	now := 13 * day
	for _, c := range []struct {
		retention time.Duration
		max       int64
		want      int
	}{
		{0, 60, 0},
		{0, 59, 1},
		{0, 55, 1},
		{0, 54, 2},
		{0, 1, 2},
		{24 * time.Hour, 0, 2},
		{25 * time.Hour, 0, 1},
		{48 * time.Hour, 0, 1},
		{72 * time.Hour, 0, 0},
		{time.Second, 0, 2},
		{72 * time.Hour, 55, 1},
	} {
		s := &Store{cfg: Config{Retention: c.retention, MaxBytes: c.max}}
		if got := s.surplus(days, now); len(got) != c.want {
			t.Errorf("%v, %d bytes: %d days leave, want %d", c.retention, c.max, len(got), c.want)
		}
	}
}

// TestMigrations holds the files to what the code expects of them.
func TestMigrations(t *testing.T) {
	for _, flavour := range []string{base, enhanced} {
		list, err := migrations(flavour)
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %d migrations, %v", flavour, len(list), err)
		}
		for i, m := range list {
			if m.version != uint32(i+1) {
				t.Errorf("%s: migration %d has number %d", flavour, i+1, m.version)
			}
			for _, replicated := range []bool{false, true} {
				s := &schema{target: &target{database: "d", cluster: "c"}, flavour: flavour, replicated: replicated, retention: time.Hour}
				for _, st := range m.statements {
					text := strings.ReplaceAll(strings.ReplaceAll(s.fill(st), "{shard}", ""), "{replica}", "")
					if strings.ContainsAny(text, "{}") || strings.Contains(text, "--") {
						t.Errorf("something is left open in %s", text)
					}
					if !strings.Contains(text, "IF NOT EXISTS") {
						t.Errorf("cannot be repeated: %s", text)
					}
				}
			}
		}
	}
}
