package kafka

import (
	"fmt"
	"strconv"
	"strings"
)

// kind is the type of a field on the wire (protocol guide, "Protocol Primitive
// Types").
type kind uint8

const (
	kInt8    kind = iota
	kInt16        //
	kInt32        //
	kInt64        //
	kUUID         // 16 bytes
	kString       // STRING and its nullable and compact forms
	kBytes        // BYTES and its nullable and compact forms
	kRecords      // RECORDS
	kArray        // ARRAY and COMPACT_ARRAY, of structures unless plain
	kStruct       // a structure
	kMaybe        // a nullable structure: INT8, negative for null
)

// field is a field of a schema, in versions from min to max.
type field struct {
	kind     kind
	mean     mean
	min, max int16
	plain    bool    // elements of the array are no structures: no tagged fields
	sub      []field // of kArray, kStruct, kMaybe
}

// mean is what a field says.
type mean uint8

const (
	nothing mean = iota
	mTopic
	mTopicID
	mNames // a topic id that belongs to the topic name in front of it
	mPartition
	mError
	mOffset
	mGroup
	mMember
	mTransaction
	mProducer
	mAcks
	mMechanism
	mCluster
	mSoftware
	mRelease // version of the software
	mKey     // of a coordinator: a group or a transaction
	mKeyType
	mSession // epoch of a fetch session; above 0 the topics are a difference
)

var kinds = map[string]kind{
	"i8": kInt8, "i16": kInt16, "i32": kInt32, "i64": kInt64, "id": kUUID,
	"str": kString, "bytes": kBytes, "rec": kRecords,
}

var meanings = map[string]mean{
	"": nothing, "topic": mTopic, "tid": mTopicID, "names": mNames, "part": mPartition, "err": mError,
	"off": mOffset, "group": mGroup, "member": mMember, "txn": mTransaction, "pid": mProducer, "acks": mAcks,
	"mech": mMechanism, "cluster": mCluster, "soft": mSoftware, "rel": mRelease, "key": mKey, "ktype": mKeyType,
	"session": mSession,
}

const lastVersion = 1<<15 - 1

// schema compiles the text of a schema, words apart from each other:
//
//	type[:meaning][/versions]   a field; versions are 3, 3+ or 1-4
//	*type...                    an array of it
//	[ ... ]   [/8+ ... ]        an array of structures
//	{ ... }   ?{ ... }          a structure, a nullable one
//
// It panics on a mistake: schemas are part of the program, and a test walks
// each in every version.
func schema(text string) []field {
	words := strings.Fields(text)
	fields, rest := compile(words, "")
	if len(rest) > 0 {
		panic(fmt.Sprintf("kafka: %q follows a schema", rest))
	}
	return fields
}

// compile reads fields up to a closing word.
func compile(words []string, end string) (fields []field, rest []string) {
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		if w == end {
			return fields, words
		}
		head, versions, _ := strings.Cut(w, "/")
		f := field{max: lastVersion}
		f.min, f.max = span(versions)
		switch head {
		case "[":
			f.kind = kArray
			f.sub, words = compile(words, "]")
		case "{":
			f.kind = kStruct
			f.sub, words = compile(words, "}")
		case "?{":
			f.kind = kMaybe
			f.sub, words = compile(words, "}")
		default:
			f = scalar(f, head)
		}
		fields = append(fields, f)
	}
	if end != "" {
		panic("kafka: schema without " + end)
	}
	return fields, nil
}

// scalar completes a field of a primitive type, or an array of one.
func scalar(f field, word string) field {
	name, plain := strings.CutPrefix(word, "*")
	name, meaning, _ := strings.Cut(name, ":")
	k, ok := kinds[name]
	m, known := meanings[meaning]
	if !ok || !known {
		panic("kafka: schema has " + word)
	}
	if !plain {
		f.kind, f.mean = k, m
		return f
	}
	f.kind, f.plain = kArray, true
	f.sub = []field{{kind: k, mean: m, max: lastVersion}}
	return f
}

// span reads a range of versions.
func span(text string) (from, to int16) {
	if text == "" {
		return 0, lastVersion
	}
	a, b, ranged := strings.Cut(text, "-")
	a, open := strings.CutSuffix(a, "+")
	from = version(a)
	switch {
	case open:
		return from, lastVersion
	case ranged:
		return from, version(b)
	}
	return from, from
}

func version(text string) int16 {
	n, err := strconv.ParseInt(text, 10, 16)
	if err != nil {
		panic("kafka: schema has version " + text)
	}
	return int16(n)
}
