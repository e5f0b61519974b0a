package executor

import (
	"maps"
	"reflect"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// again gives the events of a world to a Tracker that looks for what is free all
// the time, and wants the same outcome: nothing is used again that
// somebody refers to. Every world that is scored goes through it.
func (w *world) again(o outcome) {
	w.t.Helper()
	c := &collector{map[uint64]Message{}, map[uint64]Label{}}
	tr, err := New(Default(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	every := 1 + len(w.events)/300 // of long worlds now and then
	for i := range w.events {
		if i%every == 0 {
			tr.collect()
		}
		tr.Event(&w.events[i])
		if i%100 == 0 {
			tr.Tick(w.events[i].Time)
		}
	}
	tr.Flush()
	if d := cmp.Diff(o.stats, tr.Stats()); d != "" {
		w.t.Errorf("when things are used again: %s", d)
	}
	if !maps.Equal(o.labels, c.labels) {
		w.t.Error("labels are others when things are used again")
	}
}

// Whatever a connection, an executor, a process, a request or a call refers to,
// by any field of its type, is marked.
func TestMarksFollowAllFields(t *testing.T) {
	tr, err := New(Default(), nobody{})
	if err != nil {
		t.Fatal(err)
	}
	c, x, p, r, k := new(conn), new(exec), new(process), new(request), new(call)
	var made []reflect.Value
	paths := make(map[unsafe.Pointer]string)
	for name, v := range map[string]any{"conn": c, "exec": x, "process": p, "request": r, "call": k} {
		fill(reflect.ValueOf(v).Elem(), name, func(o reflect.Value, path string) {
			made = append(made, o)
			paths[o.UnsafePointer()] = path
		})
	}
	if len(made) < 30 {
		t.Fatalf("%d references were found", len(made))
	}
	tr.conns[1], tr.conns[2] = c, &conn{asked: r, call: k}
	tr.execs[Thread{TID: 1}], tr.procs[1] = x, p
	tr.collect()
	for _, o := range made {
		if o.Elem().FieldByName("mark").Uint() != tr.memory.marks.round {
			t.Errorf("%s is not followed, see pool.go", paths[o.UnsafePointer()])
		}
	}
}

// fill sets every reference to something that can be marked in v, also those in
// lists and maps.
func fill(v reflect.Value, path string, made func(reflect.Value, string)) {
	v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem() // a field that is not exported can be set so
	switch v.Kind() {
	case reflect.Pointer:
		if e := v.Type().Elem(); e.Kind() == reflect.Struct {
			if _, ok := e.FieldByName("mark"); ok {
				v.Set(reflect.New(e))
				made(v.Elem().Addr(), path)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), path+"."+v.Type().Field(i).Name, made)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path, made)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), path, made)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()), reflect.New(v.Type().Elem())
		fill(key.Elem(), path, made)
		fill(value.Elem(), path, made)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key.Elem(), value.Elem())
	}
}

// What is kept follows what is in use, up and down.
func TestPoolShrinks(t *testing.T) {
	tr, step := talk(t, 3000, false)
	step()
	step()
	tr.collect()
	if n := len(tr.memory.requests.all); n < 3000 || n > 20000 {
		t.Errorf("%d requests are kept for 3000 connections", n)
	}
	for _, c := range tr.conns {
		tr.forget(c)
	}
	for _, x := range tr.execs {
		tr.drop(x)
	}
	for range 30 {
		tr.collect()
	}
	if n := len(tr.memory.requests.all); n > leastTaken {
		t.Errorf("%d requests are kept for nothing", n)
	}
}
