package capture

import (
	"reflect"
	"testing"
)

// TestStatsAdd leaves no counter out, those that come later neither.
func TestStatsAdd(t *testing.T) {
	var a, b Stats
	x, y := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	set := func(v reflect.Value, n int64) {
		if v.CanUint() {
			v.SetUint(uint64(n))
		} else {
			v.SetInt(n)
		}
	}
	for i := range x.NumField() {
		set(x.Field(i), int64(10*i+1))
		set(y.Field(i), 5)
	}
	want := a
	for i := range x.NumField() {
		n := int64(10*i + 6)
		if x.Type().Field(i).Name == "Softnet" {
			n = int64(10*i + 1)
		}
		set(reflect.ValueOf(&want).Elem().Field(i), n)
	}
	if a.Add(&b); a != want {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
}
