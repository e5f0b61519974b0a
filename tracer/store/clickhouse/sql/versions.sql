-- What was applied to this server, and when. Each process that applies a migration
-- says so; a row that is there twice does no harm.
CREATE TABLE IF NOT EXISTS {db}.schema_versions {on} (
    version UInt32,
    flavour String,
    applied DateTime
) ENGINE = MergeTree ORDER BY version;
