package clickhouse

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config says where spans are kept and how. Fields that Default sets must be
// positive.
type Config struct {
	// DSN is clickhouse://[user[:password]@]host[:9000][,host...]/[database], or
	// http(s):// for the HTTP interface. The database is "wirespan" when it is empty.
	// Parameters are those of clickhouse-go, and:
	//
	//	cluster=NAME       tables on every server of a cluster of remote_servers
	//	replicated=0|1     ReplicatedMergeTree; default: 1 if the server has the macros shard and replica
	//	ddl=cluster|hosts  tables are made ON CLUSTER (default; needs Keeper), or on each host of the DSN
	DSN string

	Retention time.Duration // spans that began earlier leave; 0: none
	MaxBytes  int64         // on disk; the oldest days leave. 0: no bound

	BatchSpans int           // spans in an INSERT at most, unless one Write has more
	BatchDelay time.Duration // how long a Write waits for others at most
	Waiting    int           // Writes that wait; further ones wait for a place
	Inserts    int           // at the same time
	RetryFor   time.Duration // how long a Write is tried
	Sweep      time.Duration // time between looks at Retention and MaxBytes

	Log *slog.Logger // nil: nothing is said
}

// Default is what suits a serve process.
func Default(dsn string) Config {
	return Config{
		DSN: dsn, BatchSpans: 20_000, BatchDelay: 200 * time.Millisecond, Waiting: 1024, Inserts: 2,
		RetryFor: 10 * time.Second, Sweep: time.Minute,
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var errs []error
	fault := func(bad bool, text string) {
		if bad {
			errs = append(errs, fmt.Errorf("clickhouse: %s", text))
		}
	}
	fault(c.DSN == "", "dsn: must not be empty")
	fault(c.Retention < 0, "retention: must not be negative")
	fault(c.Retention > 0 && c.Retention < time.Second, "retention: must be at least 1s")
	fault(c.MaxBytes < 0, "max-bytes: must not be negative")
	fault(c.BatchSpans <= 0, "batch-spans: must be positive")
	fault(c.BatchDelay <= 0, "batch-delay: must be positive")
	fault(c.Waiting <= 0, "waiting: must be positive")
	fault(c.Inserts <= 0, "inserts: must be positive")
	fault(c.RetryFor <= 0, "retry-for: must be positive")
	fault(c.Sweep <= 0, "sweep: must be positive")
	return errors.Join(errs...)
}
