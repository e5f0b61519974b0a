package kafka

// APIs that carry records or ask where they are.
const (
	produceRequest = `str:txn/3+ i16:acks i32
		[ str:topic/0-12 id:tid/13+ [ i32:part rec ] ]`
	produceResponse = `[ str:topic/0-12 id:tid/13+
			[ i32:part i16:err i64:off i64/2+ i64/5+ [/8+ i32 str ] str/8+ ] ]
		i32/1+`

	fetchRequest = `i32/0-14 i32 i32 i32/3+ i8/4+ i32/7+ i32:session/7+
		[ str:topic/0-12 id:tid/13+
			[ i32:part i32/9+ i64 i32/12+ i64/5+ i32 ] ]
		[/7+ str/7-12 id/13+ *i32 ] str/11+`
	fetchResponse = `i32/1+ i16:err/7+ i32/7+
		[ str:topic/0-12 id:tid/13+
			[ i32:part i16:err i64 i64/4+ i64/5+ [/4+ i64 i64 ] i32/11+ rec ] ]`

	shareFetchRequest = `str:group str:member i32 i32 i32 i32 i32/1+ i32/1+ i8/2+ i8/2+
		[ id:tid [ i32:part i32/0 [ i64 i64 *i8 ] ] ]
		[ id *i32 ]`
	shareFetchResponse = `i32 i16:err str i32/1+
		[ id:tid [ i32:part i16:err str i16:err str { i32 i32 } rec [ i64 i64 i16 ] ] ]
		[ i32 str i32 str ]`
	shareAcknowledgeRequest = `str:group str:member i32 i8/2+
		[ id:tid [ i32:part [ i64 i64 *i8 ] ] ]`
	shareAcknowledgeResponse = `i32 i16:err str i32/2+
		[ id:tid [ i32:part i16:err str { i32 i32 } ] ]
		[ i32 str i32 str ]`

	listOffsetsRequest = `i32 i8/2+
		[ str:topic [ i32:part i32/4+ i64 i32/0 ] ] i32/10+`
	listOffsetsResponse = `i32/2+
		[ str:topic [ i32:part i16:err *i64/0 i64/1+ i64:off/1+ i32/4+ ] ]`
	leaderEpochRequest  = `i32/3+ [ str:topic [ i32:part i32/2+ i32 ] ]`
	leaderEpochResponse = `i32/2+ [ str:topic [ i16:err i32:part i32/1+ i64:off ] ]`

	deleteRecordsRequest  = `[ str:topic [ i32:part i64:off ] ] i32`
	deleteRecordsResponse = `i32 [ str:topic [ i32:part i64 i16:err ] ]`
)
