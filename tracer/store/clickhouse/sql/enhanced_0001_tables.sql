-- For servers from 23.8 on. Names in braces are filled in by schema.go. Statements
-- end with ";".

CREATE TABLE IF NOT EXISTS {db}.spans{local} {on} (
    start Int64 CODEC(DoubleDelta, ZSTD(1)),
    duration Int64 CODEC(T64, ZSTD(1)),
    trace FixedString(16) CODEC(ZSTD(1)),
    span FixedString(8) CODEC(ZSTD(1)),
    parent FixedString(8) CODEC(ZSTD(1)),
    kind UInt8 CODEC(ZSTD(1)),
    status UInt8 CODEC(ZSTD(1)),
    signal UInt8 CODEC(ZSTD(1)),
    service LowCardinality(String) CODEC(ZSTD(1)),
    instance LowCardinality(String) CODEC(ZSTD(1)),
    agent LowCardinality(String) CODEC(ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    message String CODEC(ZSTD(1)),
    state String CODEC(ZSTD(1)),
    scope LowCardinality(String) CODEC(ZSTD(1)),
    protocol LowCardinality(String) CODEC(ZSTD(1)),
    attrs Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attr_type Array(UInt8) CODEC(ZSTD(1)),
    resource Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    resource_type Array(UInt8) CODEC(ZSTD(1)),
    event_time Array(Int64) CODEC(ZSTD(1)),
    event_name Array(LowCardinality(String)) CODEC(ZSTD(1)),
    event_attrs Array(String) CODEC(ZSTD(1)),
    link_trace Array(FixedString(16)) CODEC(ZSTD(1)),
    link_span Array(FixedString(8)) CODEC(ZSTD(1)),
    link_attrs Array(String) CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') ALIAS fromUnixTimestamp64Nano(start, 'UTC'),
    trace_id String ALIAS lower(hex(trace)),
    span_id String ALIAS lower(hex(span)),
    parent_id String ALIAS lower(hex(parent)),
    INDEX by_service service TYPE set(256) GRANULARITY 4,
    INDEX by_name name TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_status status TYPE set(4) GRANULARITY 4,
    INDEX by_duration duration TYPE minmax GRANULARITY 4,
    INDEX by_value mapValues(attrs) TYPE bloom_filter(0.01) GRANULARITY 4
) ENGINE = {engine:MergeTree:spans}
PARTITION BY intDiv(start, 86400000000000)
ORDER BY (start, span)
{ttl:start}
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1{window};

CREATE TABLE IF NOT EXISTS {db}.keys{local} {on} (
    key_kind UInt8 CODEC(ZSTD(1)),
    key_hash UInt64 CODEC(ZSTD(1)),
    start Int64 CODEC(Delta, ZSTD(1))
) ENGINE = {engine:MergeTree:keys}
PARTITION BY intDiv(start, 86400000000000)
ORDER BY (key_kind, key_hash, start)
{ttl:start}
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1{window};

-- batch differs between INSERTs, not between attempts of one: replicated tables take
-- equal blocks for one that came again, and counts of different spans are often equal.
CREATE TABLE IF NOT EXISTS {db}.rates{local} {on} (
    step Int64 CODEC(DoubleDelta, ZSTD(1)),
    service LowCardinality(String) CODEC(ZSTD(1)),
    name LowCardinality(String) CODEC(ZSTD(1)),
    protocol LowCardinality(String) CODEC(ZSTD(1)),
    signal UInt8 CODEC(ZSTD(1)),
    counted UInt8 CODEC(ZSTD(1)),
    bucket UInt8 CODEC(ZSTD(1)),
    count UInt64 CODEC(T64, ZSTD(1)),
    errors UInt64 CODEC(T64, ZSTD(1)),
    total UInt64 CODEC(T64, ZSTD(1)),
    batch UInt64 CODEC(ZSTD(1))
) ENGINE = {engine:SummingMergeTree:rates:(count, errors, total)}
PARTITION BY intDiv(step, 86400000000000)
ORDER BY (step, service, name, protocol, signal, counted, bucket)
{ttl:step}
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1{window};

CREATE TABLE IF NOT EXISTS {db}.aliases{local} {on} (
    id FixedString(16),
    old FixedString(16),
    canonical FixedString(16),
    found Int64
) ENGINE = {engine:ReplacingMergeTree:aliases:found}
PARTITION BY intDiv(found, 86400000000000)
ORDER BY (id, old, canonical)
{ttl:found}
SETTINGS ttl_only_drop_parts = 1;

-- What is written: a row per span, which the three views below spread. The table
-- itself keeps nothing.
CREATE TABLE IF NOT EXISTS {db}.spans_in{local} {on} (
    start Int64,
    duration Int64,
    trace FixedString(16),
    span FixedString(8),
    parent FixedString(8),
    kind UInt8,
    status UInt8,
    signal UInt8,
    service String,
    instance String,
    agent String,
    name String,
    message String,
    state String,
    scope String,
    protocol String,
    attr_key Array(String),
    attr_type Array(UInt8),
    attr_value Array(String),
    resource_key Array(String),
    resource_type Array(UInt8),
    resource_value Array(String),
    event_time Array(Int64),
    event_name Array(String),
    event_attrs Array(String),
    link_trace Array(FixedString(16)),
    link_span Array(FixedString(8)),
    link_attrs Array(String),
    key_kind Array(UInt8),
    key_hash Array(UInt64),
    step Int64,
    counted UInt8,
    bucket UInt8,
    batch UInt64
) ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.spans_to_spans{local} {on} TO {db}.spans{local} AS
SELECT start, duration, trace, span, parent, kind, status, signal, service, instance, agent, name, message, state, scope,
    protocol, mapFromArrays(attr_key, attr_value) AS attrs, attr_type, mapFromArrays(resource_key, resource_value) AS resource,
    resource_type, event_time, event_name, event_attrs, link_trace, link_span, link_attrs
FROM {db}.spans_in{local};

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.spans_to_keys{local} {on} TO {db}.keys{local} AS
SELECT key_kind, key_hash, start
FROM {db}.spans_in{local}
ARRAY JOIN key_kind, key_hash;

CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.spans_to_rates{local} {on} TO {db}.rates{local} AS
SELECT step, service, name, protocol, signal, counted, bucket, count() AS count, sum(status = 2) AS errors,
    sum(toUInt64(greatest(duration, toInt64(0)))) AS total, any(batch) AS batch
FROM {db}.spans_in{local}
GROUP BY step, service, name, protocol, signal, counted, bucket;
