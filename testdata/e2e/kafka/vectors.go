package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// words are what fields of a name hold, so that a test can tell them apart.
var words = map[string]string{
	"Topic": "orders", "TopicNames": "orders", "Group": "billing", "GroupID": "billing", "Groups": "billing",
	"MemberID": "member-1", "TransactionalID": "txn-1", "TransactionID": "txn-1", "TransactionalIDs": "txn-1",
	"CoordinatorKey": "billing", "CoordinatorKeys": "billing", "ClusterID": "cluster-1", "Mechanism": "PLAIN",
	"ClientSoftwareName": "kgo", "ClientSoftwareVersion": "1.2.3", "SubscribedTopicNames": "orders",
}

// vectors writes every message of some APIs in every version, without head:
// key, version, direction and the body in base64.
func vectors(w io.Writer) {
	for key := int16(0); key <= kmsg.MaxKey; key++ {
		top := kmsg.RequestForKey(key)
		if top == nil {
			continue
		}
		for v := int16(0); v <= top.MaxVersion(); v++ {
			r := kmsg.RequestForKey(key)
			r.SetVersion(v)
			fill(reflect.ValueOf(r).Elem(), "", 0)
			r.SetVersion(v)
			fmt.Fprintf(w, "%d %d > %s\n", key, v, base64.StdEncoding.EncodeToString(r.AppendTo(nil)))
			a := r.ResponseKind()
			a.SetVersion(v)
			fill(reflect.ValueOf(a).Elem(), "", 0)
			a.SetVersion(v)
			fmt.Fprintf(w, "%d %d < %s\n", key, v, base64.StdEncoding.EncodeToString(a.AppendTo(nil)))
		}
	}
}

// fill sets every field; arrays get two elements.
func fill(v reflect.Value, name string, depth int) {
	if depth > 12 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Name != "Version" && f.Name != "UnknownTags" {
				fill(v.Field(i), f.Name, depth+1)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name, depth+1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(slices.Repeat([]byte{0xee}, 5))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), name, depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(0xa0 + i))
		}
	case reflect.String:
		if s, ok := words[name]; ok {
			v.SetString(s)
		} else {
			v.SetString("x-" + name)
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int8:
		v.SetInt(1)
	case reflect.Int16:
		v.SetInt(int64(map[string]int{"ErrorCode": 7, "AcknowledgeErrorCode": 7, "Acks": -1}[name]))
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(map[string]int{"Partition": 3, "Partitions": 3, "BaseOffset": 42, "Offset": 42, "EndOffset": 42, "ProducerID": 9, "SessionEpoch": 2}[name]))
	case reflect.Float64:
		v.SetFloat(1.5)
	}
}
