-- What servers that share the database agree by on which of them sends a trace on
-- (store.Ledger). The view that fills news is made once one of them does (news.sql).
-- Times are seconds by the server's clock; wirespan drops partitions that are old.

CREATE TABLE IF NOT EXISTS {db}.news{local} {on} (
    at UInt32,
    trace FixedString(16),
    first Int64,
    last Int64,
    hops UInt8
) ENGINE = {engine:MergeTree:news}
PARTITION BY intDiv(at, 1200)
ORDER BY (at, trace)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS {db}.departures{local} {on} (
    at UInt32,
    id FixedString(16),
    under FixedString(16),
    seen UInt32,
    kept UInt8,
    server UInt64,
    spans Array(FixedString(8))
) ENGINE = {engine:MergeTree:departures}
PARTITION BY intDiv(at, 1200)
ORDER BY (id, at)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS {db}.servers{local} {on} (
    at UInt32,
    id UInt64,
    name String,
    beat UInt64,
    view UInt64,
    start UInt32,
    bound UInt32,
    gone UInt8
) ENGINE = {engine:MergeTree:servers}
PARTITION BY intDiv(at, 1200)
ORDER BY (id, beat);
