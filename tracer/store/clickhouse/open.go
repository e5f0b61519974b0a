package clickhouse

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/wirespan/wirespan/tracer/store"
)

// Store keeps spans in a ClickHouse database. It is a store.Store.
type Store struct {
	cfg     Config
	target  *target
	schema  *schema
	dialect dialect
	conn    driver.Conn
	w       *writer
	log     *slog.Logger

	damaged atomic.Uint64 // values that were not as we write them
	expired atomic.Uint64
	closing sync.Once
	stop    chan struct{}
	wg      sync.WaitGroup
}

var _ store.Store = (*Store)(nil)

// Open connects, and makes or migrates the tables. A server that cannot be reached
// is an error; one that goes away later is not.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t, err := parseDSN(cfg.DSN)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{cfg: cfg, target: t, log: cfg.Log, stop: make(chan struct{})}
	if s.conn, err = ch.Open(t.options); err != nil {
		return nil, fmt.Errorf("open clickhouse: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		s.conn.Close()
		return nil, fmt.Errorf("open clickhouse: %w", err)
	}
	s.dialect = newDialect(s.schema.flavour)
	s.w = newWriter(s.conn, &s.cfg, t, s.schema.flavour)
	s.wg.Add(1)
	go s.sweeps()
	s.log.Info("clickhouse is open", "database", t.database, "schema", s.schema.flavour, "cluster", t.cluster, "replicated", s.schema.replicated)
	return s, nil
}

// prepare brings the tables up to date, on one server or on each.
func (s *Store) prepare(ctx context.Context) error {
	s.schema = &schema{target: s.target, retention: s.cfg.Retention}
	if err := s.schema.discover(ctx, s.conn); err != nil {
		return err
	}
	return s.each(ctx, func(conn driver.Conn) error {
		s.schema.exec = func(ctx context.Context, statement string) error { return conn.Exec(ctx, statement) }
		if err := s.schema.migrate(ctx, conn, s.target.database); err != nil {
			return err
		}
		return s.schema.setTTL(ctx, conn)
	})
}

// each calls f for the server, or, where statements are not spread by the cluster,
// for each host of the DSN.
func (s *Store) each(ctx context.Context, f func(driver.Conn) error) error {
	if !s.target.perHost {
		return f(s.conn)
	}
	for _, addr := range s.target.options.Addr {
		o := *s.target.options
		o.Addr = []string{addr}
		conn, err := ch.Open(&o)
		if err != nil {
			return fmt.Errorf("%s: %w", addr, err)
		}
		err = f(conn)
		conn.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", addr, err)
		}
	}
	return ctx.Err()
}

// Write inserts spans together with those of others who wait. It returns nil when
// the server has them in its tables; until then it tries again for Config.RetryFor.
// An error that is not store.ErrFull says that the server is away, or will not take
// the spans; some of them may have arrived. When ctx ends, the spans may still arrive.
func (s *Store) Write(ctx context.Context, spans []store.Span) error { return s.w.write(ctx, spans) }

// Sync has nothing to wait for: what Write returned for is in the tables. Servers
// with the enhanced schema call fsync for each part; others leave that to the kernel.
func (s *Store) Sync(ctx context.Context) error { return ctx.Err() }

// Close tries once to insert what waits, and disconnects.
func (s *Store) Close(context.Context) (err error) {
	s.closing.Do(func() {
		close(s.stop)
		s.w.close()
		s.wg.Wait()
		err = s.conn.Close()
	})
	return err
}

// query asks, once more when a connection turns out to be broken.
func (s *Store) query(ctx context.Context, sql string) (driver.Rows, error) {
	rows, err := s.conn.Query(ctx, sql)
	if broken(ctx, err) {
		rows, err = s.conn.Query(ctx, sql)
	}
	return rows, err
}

// table is the full name of a table, on a cluster of the one over all shards.
func (s *Store) table(t string) string { return name(s.target.database) + "." + t }

// localTable is the full name of a table of a shard.
func (s *Store) localTable(t string) string { return s.table(t + s.schema.local()) }
