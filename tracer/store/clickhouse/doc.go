// Package clickhouse keeps spans in ClickHouse: the store.Store for more spans than
// one machine holds. Any number of processes may use one database at the same time;
// they need not know of each other.
//
// What is written. All spans of the Writes that wait go as one INSERT into spans_in,
// a table of the engine Null, one row per span. Three materialized views spread the
// rows on the server: to spans (the span), keys (a row per store.Key) and rates
// (counts per 10 s, service, operation, protocol and bucket of duration). So a span,
// its keys and its counts arrive together, in one round trip, and on a cluster on
// the same shard.
//
// How keys are found. keys is ordered by (key_kind, key_hash, start), so that a key costs
// one or two granules of 1024 rows of 17 bytes; it yields starts. spans is ordered
// by (start, span), so that these starts, which for a trace lie close together, cost
// a few granules more. Both steps are one query, which every shard answers of its
// own rows. Bloom filters over an array of keys would be smaller, but a question for
// a hundred keys would read most granules of the window. That two spans begin in the
// same nanosecond is harmless: what is read is compared with the keys again.
//
// Two schemas: base for servers down to 18.16, enhanced (Map, LowCardinality,
// codecs, skip indexes, TTL) from 23.8 on. Which one a database has is decided when
// it is made, and read from it later. SQL is in sql/, migrations are numbered,
// repeatable, and safe when two processes start at once; schema_versions tells what
// was applied.
//
// A Write waits for its answer, so that spans stay borrowed and are not copied but
// into the columns of the INSERT. A server that is away is tried again for
// Config.RetryFor; then Write returns an error that is not store.ErrFull, and
// the caller still has the spans. ErrFull is said by a server without space.
//
// What it does not do: it does not write through to other replicas before it
// answers (a reader of another replica may see a span a moment later), and it does
// not call fsync on servers with the base schema; see docs/clickhouse.md.
package clickhouse
