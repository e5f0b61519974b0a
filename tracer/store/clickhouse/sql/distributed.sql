-- On a cluster: one table over the local ones of all shards. The spans of a trace
-- lie on one shard, and the keys and counts of a span where the span lies, because
-- the views that make them run there.

CREATE TABLE IF NOT EXISTS {db}.spans {on} AS {db}.spans_local
ENGINE = Distributed({cluster}, {db}, spans_local);

CREATE TABLE IF NOT EXISTS {db}.keys {on} AS {db}.keys_local
ENGINE = Distributed({cluster}, {db}, keys_local);

CREATE TABLE IF NOT EXISTS {db}.rates {on} AS {db}.rates_local
ENGINE = Distributed({cluster}, {db}, rates_local);

CREATE TABLE IF NOT EXISTS {db}.aliases {on} AS {db}.aliases_local
ENGINE = Distributed({cluster}, {db}, aliases_local, cityHash64(id));

CREATE TABLE IF NOT EXISTS {db}.spans_in {on} AS {db}.spans_in_local
ENGINE = Distributed({cluster}, {db}, spans_in_local, cityHash64(trace));

CREATE TABLE IF NOT EXISTS {db}.news {on} AS {db}.news_local
ENGINE = Distributed({cluster}, {db}, news_local, cityHash64(trace));

CREATE TABLE IF NOT EXISTS {db}.departures {on} AS {db}.departures_local
ENGINE = Distributed({cluster}, {db}, departures_local, cityHash64(id));

CREATE TABLE IF NOT EXISTS {db}.servers {on} AS {db}.servers_local
ENGINE = Distributed({cluster}, {db}, servers_local, cityHash64(id));
