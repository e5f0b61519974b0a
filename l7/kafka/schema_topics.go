package kafka

// APIs of topics, brokers and connections. What authenticates is passed over.
const (
	metadataRequest  = `[ id:tid/10+ str:topic ] i8/4+ i8/8-10 i8/8+`
	metadataResponse = `i32/3+ [ i32 str i32 str/1+ ] str:cluster/2+ i32/1+
		[ i16:err str:topic id:names/10+ i8/1+
			[ i16:err i32 i32 i32/7+ *i32 *i32 *i32/5+ ] i32/8+ ]
		i32/8-10 i16:err/13+`
	topicPartitionsRequest  = `[ str:topic ] i32 ?{ str i32 }`
	topicPartitionsResponse = `i32
		[ i16:err str:topic id:names i8 [ i16:err i32 i32 i32 *i32 *i32 *i32 *i32 *i32 ] i32 ]
		?{ str i32 }`

	createTopicsRequest  = `[ str:topic i32 i16 [ i32 *i32 ] [ str str ] ] i32 i8/1+`
	createTopicsResponse = `i32/2+
		[ str:topic id:names/7+ i16:err str/1+ i32/5+ i16/5+ [/5+ str str i8 i8 i8 ] ]`
	deleteTopicsRequest      = `*str:topic/0-5 [/6+ str:topic id:tid ] i32`
	deleteTopicsResponse     = `i32/1+ [ str:topic id:names/6+ i16:err str/5+ ]`
	createPartitionsRequest  = `[ str:topic i32 [ *i32 ] ] i32 i8`
	createPartitionsResponse = `i32 [ str:topic i16:err str ]`

	describeConfigsRequest  = `[ i8 str *str ] i8/1+ i8/3+`
	describeConfigsResponse = `i32
		[ i16:err str i8 str [ str str i8 i8/0 i8/1+ i8 [/1+ str str i8 ] i8/3+ str/3+ ] ]`
	describeClusterRequest    = `i8 i8/1+ i8/2+`
	describeClusterResponse   = `i32 i16:err str i8/1+ str:cluster i32 [ i32 str i32 str i8/2+ ] i32`
	describeProducersRequest  = `[ str:topic *i32:part ]`
	describeProducersResponse = `i32
		[ str:topic [ i32:part i16:err str [ i64 i32 i32 i64 i32 i64 ] ] ]`

	apiVersionsRequest       = `str:soft/3+ str:rel/3+ str/5+ i32/5+`
	apiVersionsResponse      = `i16:err [ i16 i16 i16 ] i32/1+`
	saslHandshakeRequest     = `str:mech`
	saslHandshakeResponse    = `i16:err *str`
	saslAuthenticateRequest  = `bytes`
	saslAuthenticateResponse = `i16:err str bytes i64/1+`
)

// APIs of producers and transactions.
const (
	initProducerIDRequest  = `str:txn i32 i64/3+ i16/3+`
	initProducerIDResponse = `i32 i16:err i64:pid i16`
	addPartitionsRequest   = `str:txn/0-3 i64:pid/0-3 i16/0-3 [/0-3 str:topic *i32:part ]
		[/4+ str:txn i64:pid i16 i8 [ str:topic *i32:part ] ]`
	addPartitionsResponse = `i32 i16:err/4+
		[/4+ str [ str:topic [ i32:part i16:err ] ] ] [/0-3 str:topic [ i32:part i16:err ] ]`
	addOffsetsRequest    = `str:txn i64:pid i16 str:group`
	addOffsetsResponse   = `i32 i16:err`
	endTxnRequest        = `str:txn i64:pid i16 i8`
	endTxnResponse       = `i32 i16:err i64/5+ i16/5+`
	writeMarkersRequest  = `[ i64:pid i16 i8 [ str:topic *i32:part ] i32 i8/2+ ]`
	writeMarkersResponse = `[ i64 [ str:topic [ i32:part i16:err ] ] ]`
	txnCommitRequest     = `str:txn str:group i64:pid i16 i32/3+ str:member/3+ str/3+
		[ str:topic/0-5 id:tid/6+ [ i32:part i64:off i32/2+ str ] ]`
	txnCommitResponse            = `i32 [ str:topic/0-5 id:tid/6+ [ i32:part i16:err ] ]`
	describeTransactionsRequest  = `*str:txn`
	describeTransactionsResponse = `i32 [ i16:err str str i32 i64 i64 i16 [ str *i32 ] ]`
)
