-- News of each trace of an INSERT, with its spans.
CREATE MATERIALIZED VIEW IF NOT EXISTS {db}.spans_to_news{local} {on} TO {db}.news{local} AS
SELECT toUInt32(now()) AS at, trace, min(start) AS first, max(start) AS last, toUInt8(0) AS hops
FROM {db}.spans_in{local}
GROUP BY trace;
