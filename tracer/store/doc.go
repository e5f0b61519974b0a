// Package store keeps spans so that traces can be put together from those of many
// agents, and says what an engine that keeps them must do.
//
// A Span here is whatever came: a NET or SYS span of a wirespan agent, or an APP
// span of an SDK, with any attributes. It is made by tracer/ingest and read by
// tracer/assemble and tracer/api. Engines are tracer/store/local (embedded, on
// Pebble) and tracer/store/clickhouse; tracer/store/memory is for tests and small
// captures. All of them pass storetest.
//
// What belongs together is found by keys (Key): trace id, span id, parent, exchange,
// request ID, message. Keys are hashes, so that a reader who asks by key must look
// whether the span really has the value.
//
// Spans are borrowed: an engine keeps nothing of what it is given after Write
// returns, and a reader keeps nothing of what it is shown unless the method says
// that it may.
package store
