package otlp

import "github.com/wirespan/wirespan/tracer/ingest/fields"

// Fields of opentelemetry/proto/trace/v1/trace.proto, common/v1 and resource/v1:
// number<<3 | wire type.
const (
	tagResourceSpans = 1<<3 | fields.Bytes // TracesData, ExportTraceServiceRequest

	tagResource   = 1<<3 | fields.Bytes // ResourceSpans
	tagScopeSpans = 2<<3 | fields.Bytes

	tagResourceAttr = 1<<3 | fields.Bytes // Resource

	tagScope = 1<<3 | fields.Bytes // ScopeSpans
	tagSpan  = 2<<3 | fields.Bytes

	tagScopeName    = 1<<3 | fields.Bytes // InstrumentationScope
	tagScopeVersion = 2<<3 | fields.Bytes
	tagScopeAttr    = 3<<3 | fields.Bytes

	tagTraceID       = 1<<3 | fields.Bytes // Span
	tagSpanID        = 2<<3 | fields.Bytes
	tagTraceState    = 3<<3 | fields.Bytes
	tagParentID      = 4<<3 | fields.Bytes
	tagName          = 5<<3 | fields.Bytes
	tagKind          = 6<<3 | fields.Varint
	tagStart         = 7<<3 | fields.Fixed8
	tagEnd           = 8<<3 | fields.Fixed8
	tagAttr          = 9<<3 | fields.Bytes
	tagDroppedAttrs  = 10<<3 | fields.Varint
	tagEvent         = 11<<3 | fields.Bytes
	tagDroppedEvents = 12<<3 | fields.Varint
	tagLink          = 13<<3 | fields.Bytes
	tagDroppedLinks  = 14<<3 | fields.Varint
	tagStatus        = 15<<3 | fields.Bytes

	tagEventTime = 1<<3 | fields.Fixed8 // Span.Event
	tagEventName = 2<<3 | fields.Bytes
	tagEventAttr = 3<<3 | fields.Bytes

	tagLinkTrace = 1<<3 | fields.Bytes // Span.Link
	tagLinkSpan  = 2<<3 | fields.Bytes
	tagLinkAttr  = 4<<3 | fields.Bytes

	tagMessage = 2<<3 | fields.Bytes // Status
	tagCode    = 3<<3 | fields.Varint

	tagKey   = 1<<3 | fields.Bytes // KeyValue
	tagValue = 2<<3 | fields.Bytes

	tagString = 1<<3 | fields.Bytes // AnyValue
	tagBool   = 2<<3 | fields.Varint
	tagInt    = 3<<3 | fields.Varint
	tagDouble = 4<<3 | fields.Fixed8
	tagArray  = 5<<3 | fields.Bytes
	tagMap    = 6<<3 | fields.Bytes
	tagBytes  = 7<<3 | fields.Bytes
	tagIndex  = 8<<3 | fields.Varint // into a table that only profiles have

	tagElement = 1<<3 | fields.Bytes // ArrayValue.values, KeyValueList.values
)
