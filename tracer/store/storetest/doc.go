// Package storetest is the conformance suite of tracer/store: what every engine must
// do, whatever it is made of.
//
// An engine's test calls Run with a function that opens an empty store and says how
// to open it again; tests of an engine's own (crashes, a full disk, retention) are
// beside the engine. Everything is written by names that differ between tests, so
// that engines may keep all tests in one place.
package storetest
