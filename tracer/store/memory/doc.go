// Package memory keeps spans in memory: for tests, and for captures that are looked
// at once. It is a store.Store; what it holds is gone with the process.
//
// Spans are copied when they are written and never changed after that, so that
// readers share them. Beyond its bounds the spans that were written first leave.
package memory
