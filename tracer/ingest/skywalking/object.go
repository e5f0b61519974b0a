package skywalking

// Types, layers and kinds of references (Tracing.proto).
const (
	typeEntry = 0
	typeExit  = 1
	typeLocal = 2

	layerDatabase = 1
	layerRPC      = 2
	layerHTTP     = 3
	layerMQ       = 4
	layerCache    = 5

	crossThread = 1
)

var (
	typeNames  = []string{"Entry", "Exit", "Local"}
	layerNames = []string{"Unknown", "Database", "RPCFramework", "Http", "MQ", "Cache", "FAAS"}
	refNames   = []string{"CrossProcess", "CrossThread"}
)

// segment is what the spans of a segment have in common.
type segment struct {
	trace, id, service, instance string
	limited                      bool // not all spans are there
}

// object is a span as SkyWalking tells it, until it is mapped.
type object struct {
	index, parent int64 // within the segment; parent -1: none
	start, end    int64 // ms since 1970
	operation     string
	peer          string
	kind, layer   int64
	component     int64  // number, 0: unknown
	library       string // name of the component, where numbers are not told
	failed, skip  bool
	refs          []reference
	tags          []pair
	logs          []entry
	data          []pair // of all logs
}

// pair is a key with its text.
type pair struct{ key, value string }

// reference points to a span of another segment.
type reference struct {
	kind                                int64
	trace, segment                      string
	index                               int64
	service, instance, endpoint, server string
}

// entry is a log: data[from:to] of the object.
type entry struct {
	time     int64 // ms since 1970
	from, to int
}

// reset empties it and keeps its room.
func (o *object) reset() {
	refs, tags, logs, data := o.refs, o.tags, o.logs, o.data
	clear(refs)
	clear(tags)
	clear(data)
	*o = object{refs: refs[:0], tags: tags[:0], logs: logs[:0], data: data[:0]}
}
