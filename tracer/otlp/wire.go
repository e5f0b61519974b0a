package otlp

import (
	"encoding/binary"
	"math/bits"
)

// Field tags of opentelemetry/proto/trace/v1/trace.proto, common/v1 and
// resource/v1: number<<3 | wire type. All fit into one byte.
const (
	tagResourceSpans = 1<<3 | 2 // TracesData.resource_spans
	tagResource      = 1<<3 | 2 // ResourceSpans.resource
	tagScopeSpans    = 2<<3 | 2 // ResourceSpans.scope_spans
	tagResourceAttr  = 1<<3 | 2 // Resource.attributes
	tagScope         = 1<<3 | 2 // ScopeSpans.scope
	tagScopeName     = 1<<3 | 2 // InstrumentationScope.name
	tagScopeVersion  = 2<<3 | 2 // InstrumentationScope.version
	tagSpan          = 2<<3 | 2 // ScopeSpans.spans

	tagTraceID = 1<<3 | 2 // Span
	tagSpanID  = 2<<3 | 2
	tagParent  = 4<<3 | 2
	tagName    = 5<<3 | 2
	tagKind    = 6<<3 | 0
	tagStart   = 7<<3 | 1
	tagEnd     = 8<<3 | 1
	tagAttr    = 9<<3 | 2
	tagUnknown = 10<<3 | 0 // dropped_attributes_count
	tagLink    = 13<<3 | 2
	tagStatus  = 15<<3 | 2

	tagLinkTrace = 1<<3 | 2 // Span.Link
	tagLinkSpan  = 2<<3 | 2
	tagLinkAttr  = 4<<3 | 2

	tagStatusCode = 3<<3 | 0 // Status

	tagKey   = 1<<3 | 2 // KeyValue
	tagValue = 2<<3 | 2

	tagString = 1<<3 | 2 // AnyValue
	tagBool   = 2<<3 | 0
	tagInt    = 3<<3 | 0
	tagDouble = 4<<3 | 1
	tagArray  = 5<<3 | 2
	tagBytes  = 7<<3 | 2

	tagElem = 1<<3 | 2 // ArrayValue.values
)

// sizeVarint is the number of bytes of a varint.
func sizeVarint(v uint64) int { return (9*bits.Len64(v|1) + 64) / 64 }

// varint8 is a varint of n bytes, at most 8, the first in the lowest byte: the
// groups of seven bits are spread in three steps instead of a loop, whose end
// the processor cannot foresee.
func varint8(v uint64, n int) uint64 {
	v = v&0x000000000fffffff | v&0x00fffffff0000000<<4
	v = v&0x00003fff00003fff | v&0x0fffc0000fffc000<<2
	v = v&0x007f007f007f007f | v&0x3f803f803f803f80<<1
	return v | highBits&(1<<(8*uint(n-1))-1)
}

// sizeField is the size of a length-delimited field with a one byte tag.
func sizeField(n int) int { return 1 + sizeVarint(uint64(n)) + n }

// appendHeader adds tag and length.
func appendHeader(b []byte, tag byte, n int) []byte {
	return binary.AppendUvarint(append(b, tag), uint64(n))
}

// appendField adds a length-delimited field.
func appendField[S []byte | string](b []byte, tag byte, v S) []byte {
	return append(appendHeader(b, tag, len(v)), v...)
}

// appendKeyValue adds a KeyValue under a tag; value is an encoded AnyValue.
func appendKeyValue(b []byte, tag byte, key string, value []byte) []byte {
	b = appendHeader(b, tag, sizeField(len(key))+sizeField(len(value)))
	b = appendField(b, tagKey, key)
	return appendField(b, tagValue, value)
}

// appendStringValue adds a KeyValue with a string; v must be valid UTF-8.
func appendStringValue(b []byte, tag byte, key string, v []byte) []byte {
	return appendRunValue(b, tag, key, tagString, v)
}

// appendRunValue adds a KeyValue with a string or with bytes, as kind says.
func appendRunValue(b []byte, tag byte, key string, kind byte, v []byte) []byte {
	value := sizeField(len(v))
	b = appendHeader(b, tag, sizeField(len(key))+sizeField(value))
	b = appendField(b, tagKey, key)
	b = appendHeader(b, tagValue, value)
	return appendField(b, kind, v)
}
