package kafka

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// vector is a message that kmsg wrote (testdata/make/kafka.sh), without head.
type vector struct {
	key, version int16
	request      bool
	body         []byte
}

func (v vector) String() string {
	return fmt.Sprintf("%s %d, request %v", apis[v.key].name, v.version, v.request)
}

func vectors(tb testing.TB) (all []vector) {
	tb.Helper()
	f, err := os.Open("testdata/vectors.txt.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	for s := bufio.NewScanner(z); s.Scan(); {
		var v vector
		var dir, text string
		if _, err := fmt.Sscan(s.Text(), &v.key, &v.version, &dir, &text); err != nil && text != "" {
			tb.Fatal(s.Text(), err)
		}
		if v.body, err = base64.StdEncoding.DecodeString(text); err != nil {
			tb.Fatal(err)
		}
		v.request = dir == ">"
		all = append(all, v)
	}
	return all
}

// schema of a vector.
func (v vector) schema() []field {
	if v.request {
		return apis[v.key].req
	}
	return apis[v.key].reply
}

// walk takes a body at once, or byte by byte.
func (v vector) walk(f *facts, bytewise bool) (left int64, how verdict) {
	var w walker
	f.reset()
	w.f, w.names, w.match, w.tools = f, &names{}, l7test.Options().IDs, &tools{}
	w.begin(v.schema(), v.version, v.version >= apis[v.key].flex, false, int64(len(v.body)))
	b, n := v.body, 0
	if !bytewise {
		_, how = w.walk(b)
		return w.left, how
	}
	for end := 0; end <= len(b); end++ {
		k, v := w.walk(b[n:end])
		n += k
		if how = v; v != starved {
			break
		}
	}
	return w.left, how
}

// TestSchemas walks every message in every version: to its last byte, with what
// it says.
func TestSchemas(t *testing.T) {
	n := 0
	for _, v := range vectors(t) {
		if apis[v.key].req == nil {
			continue
		}
		n++
		for _, bytewise := range []bool{false, true} {
			var f facts
			if left, how := v.walk(&f, bytewise); how != done || left != 0 {
				t.Errorf("%s: verdict %d with %d bytes left", v, how, left)
				continue
			}
			says(t, v, &f)
		}
	}
	if n < 250 {
		t.Errorf("%d messages, want more", n)
	}
}

// says compares facts with what the generator writes into fields of a name.
func says(t *testing.T, v vector, f *facts) {
	t.Helper()
	for _, want := range []struct {
		mean mean
		ok   bool
		got  any
	}{
		{mTopic, string(f.get(f.topic)) == "orders", f.get(f.topic)},
		{mTopicID, !f.id.empty(), f.id},
		{mPartition, f.part == 3, f.part},
		{mError, f.code == 7, f.code},
		{mOffset, f.offset == 42 || f.code != 0, f.offset},
		{mGroup, string(f.get(f.group)) == "billing", f.get(f.group)},
		{mMember, string(f.get(f.member)) == "member-1", f.get(f.member)},
		{mTransaction, string(f.get(f.txn)) == "txn-1", f.get(f.txn)},
		{mProducer, f.producer == 9, f.producer},
		{mAcks, f.acks == -1, f.acks},
		{mMechanism, string(f.get(f.mechanism)) == "PLAIN", f.get(f.mechanism)},
		{mCluster, string(f.get(f.cluster)) == "cluster-1", f.get(f.cluster)},
		{mSoftware, string(f.get(f.software)) == "kgo", f.get(f.software)},
		{mRelease, string(f.get(f.release)) == "1.2.3", f.get(f.release)},
		{mKey, string(f.get(f.group)) == "billing", f.get(f.group)},
		{mSession, f.session, f.session},
	} {
		if means(v.schema(), v.version, want.mean) && !want.ok {
			t.Errorf("%s: field of meaning %d gave %q", v, want.mean, want.got)
		}
	}
}

// means reports whether a schema has a field of a meaning in a version.
func means(fields []field, version int16, m mean) bool {
	return slices.ContainsFunc(fields, func(f field) bool {
		return version >= f.min && version <= f.max && (f.mean == m || means(f.sub, version, m))
	})
}

// TestVersions holds the table against what kmsg knows.
func TestVersions(t *testing.T) {
	top := map[int16]int16{}
	for _, v := range vectors(t) {
		top[v.key] = max(top[v.key], v.version)
	}
	for key := range apis {
		if latest, known := top[int16(key)]; known && apis[key].max != latest {
			t.Errorf("%s: latest version %d, want %d", apis[key].name, apis[key].max, latest)
		}
		if len(apis[key].name) == 0 {
			t.Errorf("API %d has no name", key)
		}
	}
}
