// Package chtest runs ClickHouse for tests: the clickhouse-server of the
// distribution, and the engine of a current one (chdb, by testdata/e2e/chdb). What is
// not there skips the test that asks for it.
package chtest
