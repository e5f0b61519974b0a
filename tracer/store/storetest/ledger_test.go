package storetest

import "testing"

func TestLedger(t *testing.T) {
	l := NewLedger()
	RunLedger(t, l, l.Wrote)
}
