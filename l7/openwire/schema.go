package openwire

import (
	"strconv"
	"strings"
)

// kind is how a field is marshalled (BaseDataStreamMarshaller of ActiveMQ).
type kind uint8

const (
	kBool   kind = iota
	kByte        //
	kInt         //
	kLong        // 0, 2, 4 or 8 bytes in the tight encoding
	kString      //
	kBytes       //
	kObject      // an object with its type in front, or none
	kCached      // an object that later ones may refer to by an index
	kList        // objects
	kError       // a Java exception
	kTrace       // its frames
	kFrame       // a frame: three strings and a number
)

// field is a field of an object, in versions from min to max.
type field struct {
	kind     kind
	mean     mean
	min, max uint8
}

// mean is what a field says.
type mean uint8

const (
	nothing mean = iota
	mDestination
	mReplyTo
	mMessageID
	mFirstID
	mProducer
	mConsumer
	mSession
	mConnection
	mTransaction
	mObject // of RemoveInfo: any id
	mBroker
	mMessage // a message in another command

	mCorrelation
	mGroup
	mType
	mClient
	mSubscription
	mURL
	mBrokerName
	mException

	mPersistent
	mPriority
	mCompressed
	mRedelivery
	mAck
	mCount
	mStep
	mRemoval
	mPrefetch
	mResult
	mFormat // version of a WireFormatInfo

	mContent
	mProperties

	// Parts of ids.
	mName  // text, connection id or name
	mFirst // the number that comes first in text
	mNext
	mOf // the id that it begins with
	mView
	mPart // bytes
)

var kinds = map[string]kind{
	"bool": kBool, "byte": kByte, "int": kInt, "long": kLong, "str": kString, "bytes": kBytes, "obj": kObject, "cached": kCached,
	"list": kList, "err": kError, "trace": kTrace, "frame": kFrame,
}

var meanings = map[string]mean{
	"": nothing, "dest": mDestination, "reply": mReplyTo, "id": mMessageID, "firstid": mFirstID, "producer": mProducer,
	"consumer": mConsumer, "session": mSession, "conn": mConnection, "tx": mTransaction, "object": mObject, "broker": mBroker,
	"message": mMessage, "corr": mCorrelation, "group": mGroup, "type": mType, "client": mClient, "sub": mSubscription, "url": mURL,
	"brokername": mBrokerName, "class": mException, "persistent": mPersistent, "priority": mPriority, "compressed": mCompressed,
	"redelivery": mRedelivery, "ack": mAck, "count": mCount, "step": mStep, "removal": mRemoval, "prefetch": mPrefetch,
	"result": mResult, "format": mFormat, "content": mContent, "props": mProperties, "name": mName, "first": mFirst, "next": mNext,
	"of": mOf, "view": mView, "part": mPart,
}

// schema compiles the text of a schema: words of the form
//
//	type[:meaning][/versions]   versions are 3+ or 1-2
//
// It panics on a mistake: schemas are part of the program, and a test walks
// each of them in every version.
func schema(text string) (fields []field) {
	for _, w := range strings.Fields(text) {
		head, versions, _ := strings.Cut(w, "/")
		name, meaning, _ := strings.Cut(head, ":")
		k, ok := kinds[name]
		m, known := meanings[meaning]
		f := field{kind: k, mean: m, min: 1, max: maxVersion}
		if from, plus := strings.CutSuffix(versions, "+"); plus {
			f.min = version(from)
		} else if from, to, ranged := strings.Cut(versions, "-"); ranged {
			f.min, f.max = version(from), version(to)
		} else if versions != "" {
			ok = false
		}
		if !ok || !known {
			panic("openwire: schema has " + w)
		}
		fields = append(fields, f)
	}
	return fields
}

func version(text string) uint8 {
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		panic("openwire: schema has version " + text)
	}
	return uint8(n)
}
