package kafka

// APIs of consumer groups.
const (
	offsetCommitRequest = `str:group i32/1+ str:member/1+ str/7+ i64/2-4
		[ str:topic/0-9 id:tid/10+ [ i32:part i64:off i64/1 i32/6+ str ] ]`
	offsetCommitResponse = `i32/3+ [ str:topic/0-9 id:tid/10+ [ i32:part i16:err ] ]`

	offsetFetchRequest = `str:group/0-7 [/0-7 str:topic *i32:part ]
		[/8+ str:group str:member/9+ i32/9+ [ str:topic/8-9 id:tid/10+ *i32:part ] ]
		i8/7+`
	offsetFetchResponse = `i32/3+
		[/0-7 str:topic [ i32:part i64:off i32/5+ str i16:err ] ] i16:err/2-7
		[/8+ str:group [ str:topic/8-9 id:tid/10+ [ i32:part i64:off i32 str i16:err ] ] i16:err ]`

	findCoordinatorRequest  = `str:key/0-3 i8:ktype/1+ *str:key/4+`
	findCoordinatorResponse = `i32/1+ i16:err/0-3 str/1-3 i32/0-3 str/0-3 i32/0-3
		[/4+ str i32 str i32 i16:err str ]`

	joinGroupRequest = `str:group i32 i32/1+ str:member str/5+ str
		[ str bytes ] str/8+`
	joinGroupResponse = `i32/2+ i16:err i32 str/7+ str str i8/9+ str:member
		[ str str/5+ bytes ]`
	syncGroupRequest = `str:group i32 str:member str/3+ str/5+ str/5+
		[ str bytes ]`
	syncGroupResponse  = `i32/1+ i16:err str/5+ str/5+ bytes`
	heartbeatRequest   = `str:group i32 str:member str/3+`
	heartbeatResponse  = `i32/1+ i16:err`
	leaveGroupRequest  = `str:group str:member/0-2 [/3+ str:member str str/5+ ]`
	leaveGroupResponse = `i32/1+ i16:err [/3+ str str i16:err ]`

	describeGroupsRequest  = `*str:group i8/3+`
	describeGroupsResponse = `i32/1+
		[ i16:err str/6+ str str str str [ str str/4+ str str bytes bytes ] i32/3+ ]`
	listGroupsRequest    = `*str/4+ *str/5+`
	listGroupsResponse   = `i32/1+ i16:err [ str str str/4+ str/5+ ]`
	deleteGroupsRequest  = `*str:group`
	deleteGroupsResponse = `i32 [ str i16:err str/3+ ]`
	offsetDeleteRequest  = `str:group [ str:topic [ i32:part ] ]`
	offsetDeleteResponse = `i16:err i32 [ str:topic [ i32:part i16:err ] ]`

	groupHeartbeatRequest = `str:group str:member i32 str str i32 *str:topic str/1+ str
		[ id *i32 ]`
	groupHeartbeatResponse = `i32 i16:err str str:member i32 i32 ?{ [ id *i32 ] }`
)
