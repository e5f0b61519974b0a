package clickhouse

import (
	"context"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

//go:embed sql/*.sql
var files embed.FS

// enhancedFrom is the oldest version that gets the enhanced schema.
var enhancedFrom = [2]uint64{23, 8}

// schema makes and describes the tables of a database.
type schema struct {
	target     *target
	flavour    string
	replicated bool
	retention  time.Duration
	exec       func(ctx context.Context, statement string) error
}

// migration is a file of numbered statements.
type migration struct {
	version    uint32
	statements []string
}

// local is the ending of the tables that hold rows.
func (s *schema) local() string {
	if s.target.cluster != "" {
		return "_local"
	}
	return ""
}

// discover chooses the schema: that of the tables if there are any, else by the
// server's version.
func (s *schema) discover(ctx context.Context, conn driver.Conn) error {
	v, err := conn.ServerVersion()
	if err != nil {
		return err
	}
	s.flavour = base
	if slices.Compare([]uint64{v.Version.Major, v.Version.Minor}, enhancedFrom[:]) >= 0 {
		s.flavour = enhanced
	}
	var columns uint64
	var names []string
	rows, err := conn.Query(ctx, fmt.Sprintf("SELECT name FROM system.columns WHERE database = %s AND table = %s",
		quote(s.target.database), quote("spans"+s.local())))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return err
		}
		columns++
		names = append(names, n)
	}
	switch {
	case columns == 0:
	case slices.Contains(names, "attrs"):
		s.flavour = enhanced
	default:
		s.flavour = base
	}
	if s.replicated = s.target.replicated == 1; s.target.replicated < 0 && s.target.cluster != "" {
		n, err := count(ctx, conn, "SELECT count() FROM system.macros WHERE macro IN ('shard', 'replica')")
		if err != nil {
			return err
		}
		s.replicated = n == 2
	}
	return rows.Err()
}

// migrate applies what is missing. All statements may be repeated, also by another
// process at the same time.
func (s *schema) migrate(ctx context.Context, conn driver.Conn, database string) error {
	n, err := count(ctx, conn, "SELECT count() FROM system.databases WHERE name = "+quote(database))
	if err != nil {
		return err
	}
	if n == 0 {
		if err := s.exec(ctx, s.fill("CREATE DATABASE IF NOT EXISTS {db} {on}")); err != nil {
			return fmt.Errorf("create database: %w", err)
		}
	}
	if err := s.apply(ctx, "sql/versions.sql"); err != nil {
		return err
	}
	done, err := s.version(ctx, conn)
	if err != nil {
		return err
	}
	list, err := migrations(s.flavour)
	if err != nil {
		return err
	}
	if newest := list[len(list)-1].version; done > newest {
		return fmt.Errorf("database %s has schema %d of a newer wirespan; this one knows %d", database, done, newest)
	}
	for _, m := range list {
		if m.version <= done {
			continue
		}
		if err := s.run(ctx, m); err != nil {
			return fmt.Errorf("migrate schema to %d: %w", m.version, err)
		}
		if err := s.exec(ctx, s.fill(fmt.Sprintf("INSERT INTO {db}.schema_versions SELECT toUInt32(%d), %s, now()", m.version, quote(s.flavour)))); err != nil {
			return fmt.Errorf("note schema %d: %w", m.version, err)
		}
	}
	if s.target.cluster != "" {
		return s.apply(ctx, "sql/distributed.sql")
	}
	return nil
}

func (s *schema) version(ctx context.Context, conn driver.Conn) (uint32, error) {
	n, err := count(ctx, conn, s.fill("SELECT toUInt64(max(version)) FROM {db}.schema_versions"))
	return uint32(n), err
}

func (s *schema) run(ctx context.Context, m migration) error {
	for _, statement := range m.statements {
		if err := s.once(ctx, s.fill(statement)); err != nil {
			return err
		}
	}
	return nil
}

// once tries a statement a few times: old servers fail one of two processes that
// make the same table at the same moment, after which it is there.
func (s *schema) once(ctx context.Context, statement string) (err error) {
	for wait := 50 * time.Millisecond; wait < 2*time.Second; wait *= 2 {
		if err = s.exec(ctx, statement); err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
	return err
}

// apply runs the statements of a file.
func (s *schema) apply(ctx context.Context, file string) error {
	text, err := files.ReadFile(file)
	if err != nil {
		return err
	}
	if err := s.run(ctx, migration{statements: statements(string(text))}); err != nil {
		return fmt.Errorf("apply %s: %w", strings.TrimPrefix(file, "sql/"), err)
	}
	return nil
}

// migrations are those of a flavour, by number.
func migrations(flavour string) (list []migration, err error) {
	entries, err := files.ReadDir("sql")
	if err != nil {
		return nil, err
	}
	for _, e := range entries { // in the order of names
		rest, ok := strings.CutPrefix(e.Name(), flavour+"_")
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, "_")
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", e.Name(), err)
		}
		text, err := files.ReadFile("sql/" + e.Name())
		if err != nil {
			return nil, err
		}
		list = append(list, migration{uint32(n), statements(string(text))})
	}
	return list, nil
}

var comment = regexp.MustCompile(`(?m)^--.*\n`)

// statements splits a file.
func statements(text string) (list []string) {
	for s := range strings.SplitSeq(comment.ReplaceAllString(text, ""), ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			list = append(list, s)
		}
	}
	return list
}

var (
	engine = regexp.MustCompile(`\{engine:(\w+):(\w+)(?::([^}]*))?\}`)
	ttl    = regexp.MustCompile(`\{ttl:(\w+)\}`)
)

// fill puts names and engines into a statement.
func (s *schema) fill(statement string) string {
	on, window := "", ""
	if s.target.cluster != "" && !s.target.perHost {
		on = "ON CLUSTER " + name(s.target.cluster)
	}
	if !s.replicated { // replicated tables remember INSERTs anyway
		window = ", non_replicated_deduplication_window = 1000"
	}
	statement = engine.ReplaceAllStringFunc(statement, s.engine)
	statement = ttl.ReplaceAllStringFunc(statement, func(m string) string {
		if s.retention == 0 {
			return ""
		}
		return "TTL " + s.ttl(ttl.FindStringSubmatch(m)[1])
	})
	return strings.NewReplacer("{db}", name(s.target.database), "{local}", s.local(), "{on}", on, "{window}", window,
		"{cluster}", name(s.target.cluster)).Replace(statement)
}

// ttl is when a row leaves.
func (s *schema) ttl(column string) string {
	return fmt.Sprintf("toDateTime(intDiv(%s, 1000000000)) + toIntervalSecond(%d)", column, int64(s.retention/time.Second))
}

// engine is the engine of a table. The macros shard and replica are those of the
// servers.
func (s *schema) engine(m string) string {
	p := engine.FindStringSubmatch(m)
	kind, table, arg := p[1], p[2], p[3]
	var args []string
	if s.replicated {
		kind = "Replicated" + kind
		args = append(args, fmt.Sprintf("'/clickhouse/tables/{shard}/%s/%s'", s.target.database, table), "'{replica}'")
	}
	if arg != "" {
		args = append(args, arg)
	}
	return kind + "(" + strings.Join(args, ", ") + ")"
}

// count reads one number.
func count(ctx context.Context, conn driver.Conn, query string) (n uint64, err error) {
	err = conn.QueryRow(ctx, query).Scan(&n)
	return n, err
}
