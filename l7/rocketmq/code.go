package rocketmq

import (
	"slices"

	"github.com/wirespan/wirespan/l7"
)

// Codes of requests that are more than names (class RequestCode).
const (
	sendMessage      = 10
	pullMessage      = 11
	updateOffset     = 15
	sendBack         = 36
	endTransaction   = 37
	sendMessageV2    = 310
	sendBatch        = 320
	sendReply        = 324
	sendReplyV2      = 325
	litePullMessage  = 361
	popMessage5      = 200050 // codes of 5.0 to 5.3; the others are short
	ackMessage5      = 200051
	peekMessage5     = 200052
	popLite5         = 200071
	batchAckMessage5 = 200151
	popMessage       = 3442
	ackMessage       = 3443
	peekMessage      = 3444
	batchAckMessage  = 3543
)

// sends reports whether a request brings messages to a broker.
func sends(code int32) bool {
	return code == sendMessage || code == sendMessageV2 || code == sendBatch || code == sendReply || code == sendReplyV2
}

// short reports whether the names of the fields of a request are one letter
// long (class SendMessageRequestHeaderV2).
func short(code int32) bool {
	return code == sendMessageV2 || code == sendBatch || code == sendReplyV2
}

var (
	send    = []byte("send")
	receive = []byte("receive")
	settle  = []byte("settle")
)

// operationType is messaging.operation.type of a request, nil if it has none.
func operationType(code int32) []byte {
	switch code {
	case sendMessage, sendMessageV2, sendBatch, sendReply, sendReplyV2:
		return send
	case pullMessage, litePullMessage, popMessage, popMessage5, popLite5, peekMessage, peekMessage5:
		return receive
	case updateOffset, sendBack, endTransaction, ackMessage, ackMessage5, batchAckMessage, batchAckMessage5:
		return settle
	}
	return nil
}

// byBroker are the requests that a broker sends to its clients.
var byBroker = []int32{39, 40, 220, 221, 307, 309, 326}

// request is a code with its name.
type request struct {
	code int32
	name []byte
}

// requestName is the name of a request, nil if the code is not known.
func requestName(code int32) []byte {
	i, ok := slices.BinarySearchFunc(requests, code, func(r request, c int32) int { return int(r.code) - int(c) })
	if !ok {
		return nil
	}
	return requests[i].name
}

// outcome is a code of a response with its name, and whose error it is.
type outcome struct {
	code   int32
	name   []byte
	status l7.Status
}

// outcomeOf finds a code of a response. Those that are not known are errors of
// the broker.
func outcomeOf(code int32) (status l7.Status, name []byte) {
	i, ok := slices.BinarySearchFunc(outcomes, code, func(r outcome, c int32) int { return int(r.code) - int(c) })
	if !ok {
		return l7.ServerError, nil
	}
	return outcomes[i].status, outcomes[i].name
}

// requests are sorted by code.
var requests = []request{
	{10, []byte("SEND_MESSAGE")},
	{11, []byte("PULL_MESSAGE")},
	{12, []byte("QUERY_MESSAGE")},
	{13, []byte("QUERY_BROKER_OFFSET")},
	{14, []byte("QUERY_CONSUMER_OFFSET")},
	{15, []byte("UPDATE_CONSUMER_OFFSET")},
	{17, []byte("UPDATE_AND_CREATE_TOPIC")},
	{18, []byte("UPDATE_AND_CREATE_TOPIC_LIST")},
	{21, []byte("GET_ALL_TOPIC_CONFIG")},
	{22, []byte("GET_TOPIC_CONFIG_LIST")},
	{23, []byte("GET_TOPIC_NAME_LIST")},
	{25, []byte("UPDATE_BROKER_CONFIG")},
	{26, []byte("GET_BROKER_CONFIG")},
	{27, []byte("TRIGGER_DELETE_FILES")},
	{28, []byte("GET_BROKER_RUNTIME_INFO")},
	{29, []byte("SEARCH_OFFSET_BY_TIMESTAMP")},
	{30, []byte("GET_MAX_OFFSET")},
	{31, []byte("GET_MIN_OFFSET")},
	{32, []byte("GET_EARLIEST_MSG_STORETIME")},
	{33, []byte("VIEW_MESSAGE_BY_ID")},
	{34, []byte("HEART_BEAT")},
	{35, []byte("UNREGISTER_CLIENT")},
	{36, []byte("CONSUMER_SEND_MSG_BACK")},
	{37, []byte("END_TRANSACTION")},
	{38, []byte("GET_CONSUMER_LIST_BY_GROUP")},
	{39, []byte("CHECK_TRANSACTION_STATE")},
	{40, []byte("NOTIFY_CONSUMER_IDS_CHANGED")},
	{41, []byte("LOCK_BATCH_MQ")},
	{42, []byte("UNLOCK_BATCH_MQ")},
	{43, []byte("GET_ALL_CONSUMER_OFFSET")},
	{45, []byte("GET_ALL_DELAY_OFFSET")},
	{46, []byte("CHECK_CLIENT_CONFIG")},
	{47, []byte("GET_CLIENT_CONFIG")},
	{50, []byte("UPDATE_AND_CREATE_ACL_CONFIG")},
	{51, []byte("DELETE_ACL_CONFIG")},
	{52, []byte("GET_BROKER_CLUSTER_ACL_INFO")},
	{53, []byte("UPDATE_GLOBAL_WHITE_ADDRS_CONFIG")},
	{54, []byte("GET_BROKER_CLUSTER_ACL_CONFIG")},
	{60, []byte("GET_TIMER_CHECK_POINT")},
	{61, []byte("GET_TIMER_METRICS")},
	{100, []byte("PUT_KV_CONFIG")},
	{101, []byte("GET_KV_CONFIG")},
	{102, []byte("DELETE_KV_CONFIG")},
	{103, []byte("REGISTER_BROKER")},
	{104, []byte("UNREGISTER_BROKER")},
	{105, []byte("GET_ROUTEINFO_BY_TOPIC")},
	{106, []byte("GET_BROKER_CLUSTER_INFO")},
	{200, []byte("UPDATE_AND_CREATE_SUBSCRIPTIONGROUP")},
	{201, []byte("GET_ALL_SUBSCRIPTIONGROUP_CONFIG")},
	{202, []byte("GET_TOPIC_STATS_INFO")},
	{203, []byte("GET_CONSUMER_CONNECTION_LIST")},
	{204, []byte("GET_PRODUCER_CONNECTION_LIST")},
	{205, []byte("WIPE_WRITE_PERM_OF_BROKER")},
	{206, []byte("GET_ALL_TOPIC_LIST_FROM_NAMESERVER")},
	{207, []byte("DELETE_SUBSCRIPTIONGROUP")},
	{208, []byte("GET_CONSUME_STATS")},
	{209, []byte("SUSPEND_CONSUMER")},
	{210, []byte("RESUME_CONSUMER")},
	{211, []byte("RESET_CONSUMER_OFFSET_IN_CONSUMER")},
	{212, []byte("RESET_CONSUMER_OFFSET_IN_BROKER")},
	{213, []byte("ADJUST_CONSUMER_THREAD_POOL")},
	{214, []byte("WHO_CONSUME_THE_MESSAGE")},
	{215, []byte("DELETE_TOPIC_IN_BROKER")},
	{216, []byte("DELETE_TOPIC_IN_NAMESRV")},
	{217, []byte("REGISTER_TOPIC_IN_NAMESRV")},
	{219, []byte("GET_KVLIST_BY_NAMESPACE")},
	{220, []byte("RESET_CONSUMER_CLIENT_OFFSET")},
	{221, []byte("GET_CONSUMER_STATUS_FROM_CLIENT")},
	{222, []byte("INVOKE_BROKER_TO_RESET_OFFSET")},
	{223, []byte("INVOKE_BROKER_TO_GET_CONSUMER_STATUS")},
	{224, []byte("GET_TOPICS_BY_CLUSTER")},
	{225, []byte("UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST")},
	{300, []byte("QUERY_TOPIC_CONSUME_BY_WHO")},
	{301, []byte("REGISTER_FILTER_SERVER")},
	{302, []byte("REGISTER_MESSAGE_FILTER_CLASS")},
	{303, []byte("QUERY_CONSUME_TIME_SPAN")},
	{304, []byte("GET_SYSTEM_TOPIC_LIST_FROM_NS")},
	{305, []byte("GET_SYSTEM_TOPIC_LIST_FROM_BROKER")},
	{306, []byte("CLEAN_EXPIRED_CONSUMEQUEUE")},
	{307, []byte("GET_CONSUMER_RUNNING_INFO")},
	{308, []byte("QUERY_CORRECTION_OFFSET")},
	{309, []byte("CONSUME_MESSAGE_DIRECTLY")},
	{310, []byte("SEND_MESSAGE_V2")},
	{311, []byte("GET_UNIT_TOPIC_LIST")},
	{312, []byte("GET_HAS_UNIT_SUB_TOPIC_LIST")},
	{313, []byte("GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST")},
	{314, []byte("CLONE_GROUP_OFFSET")},
	{315, []byte("VIEW_BROKER_STATS_DATA")},
	{316, []byte("CLEAN_UNUSED_TOPIC")},
	{317, []byte("GET_BROKER_CONSUME_STATS")},
	{318, []byte("UPDATE_NAMESRV_CONFIG")},
	{319, []byte("GET_NAMESRV_CONFIG")},
	{320, []byte("SEND_BATCH_MESSAGE")},
	{321, []byte("QUERY_CONSUME_QUEUE")},
	{322, []byte("QUERY_DATA_VERSION")},
	{323, []byte("RESUME_CHECK_HALF_MESSAGE")},
	{324, []byte("SEND_REPLY_MESSAGE")},
	{325, []byte("SEND_REPLY_MESSAGE_V2")},
	{326, []byte("PUSH_REPLY_MESSAGE_TO_CLIENT")},
	{327, []byte("ADD_WRITE_PERM_OF_BROKER")},
	{328, []byte("GET_ALL_PRODUCER_INFO")},
	{329, []byte("DELETE_EXPIRED_COMMITLOG")},
	{343, []byte("QUERY_TOPICS_BY_CONSUMER")},
	{345, []byte("QUERY_SUBSCRIPTION_BY_CONSUMER")},
	{351, []byte("GET_TOPIC_CONFIG")},
	{352, []byte("GET_SUBSCRIPTIONGROUP_CONFIG")},
	{353, []byte("UPDATE_AND_GET_GROUP_FORBIDDEN")},
	{354, []byte("CHECK_ROCKSDB_CQ_WRITE_PROGRESS")},
	{361, []byte("LITE_PULL_MESSAGE")},
	{400, []byte("QUERY_ASSIGNMENT")},
	{401, []byte("SET_MESSAGE_REQUEST_MODE")},
	{402, []byte("GET_ALL_MESSAGE_REQUEST_MODE")},
	{513, []byte("UPDATE_AND_CREATE_STATIC_TOPIC")},
	{901, []byte("GET_BROKER_MEMBER_GROUP")},
	{902, []byte("ADD_BROKER")},
	{903, []byte("REMOVE_BROKER")},
	{904, []byte("BROKER_HEARTBEAT")},
	{905, []byte("NOTIFY_MIN_BROKER_ID_CHANGE")},
	{906, []byte("EXCHANGE_BROKER_HA_INFO")},
	{907, []byte("GET_BROKER_HA_STATUS")},
	{908, []byte("RESET_MASTER_FLUSH_OFFSET")},
	{1001, []byte("CONTROLLER_ALTER_SYNC_STATE_SET")},
	{1002, []byte("CONTROLLER_ELECT_MASTER")},
	{1003, []byte("CONTROLLER_REGISTER_BROKER")},
	{1004, []byte("CONTROLLER_GET_REPLICA_INFO")},
	{1005, []byte("CONTROLLER_GET_METADATA_INFO")},
	{1006, []byte("CONTROLLER_GET_SYNC_STATE_DATA")},
	{1007, []byte("GET_BROKER_EPOCH_CACHE")},
	{1008, []byte("NOTIFY_BROKER_ROLE_CHANGED")},
	{1009, []byte("UPDATE_CONTROLLER_CONFIG")},
	{1010, []byte("GET_CONTROLLER_CONFIG")},
	{1011, []byte("CLEAN_BROKER_DATA")},
	{1012, []byte("CONTROLLER_GET_NEXT_BROKER_ID")},
	{1013, []byte("CONTROLLER_APPLY_BROKER_ID")},
	{1014, []byte("BROKER_CLOSE_CHANNEL_REQUEST")},
	{1015, []byte("CHECK_NOT_ACTIVE_BROKER_REQUEST")},
	{1016, []byte("GET_BROKER_LIVE_INFO_REQUEST")},
	{1017, []byte("GET_SYNC_STATE_DATA_REQUEST")},
	{1018, []byte("RAFT_BROKER_HEART_BEAT_EVENT_REQUEST")},
	{2001, []byte("UPDATE_COLD_DATA_FLOW_CTR_CONFIG")},
	{2002, []byte("REMOVE_COLD_DATA_FLOW_CTR_CONFIG")},
	{2003, []byte("GET_COLD_DATA_FLOW_CTR_INFO")},
	{2004, []byte("SET_COMMITLOG_READ_MODE")},
	{3001, []byte("AUTH_CREATE_USER")},
	{3002, []byte("AUTH_UPDATE_USER")},
	{3003, []byte("AUTH_DELETE_USER")},
	{3004, []byte("AUTH_GET_USER")},
	{3005, []byte("AUTH_LIST_USER")},
	{3006, []byte("AUTH_CREATE_ACL")},
	{3007, []byte("AUTH_UPDATE_ACL")},
	{3008, []byte("AUTH_DELETE_ACL")},
	{3009, []byte("AUTH_GET_ACL")},
	{3010, []byte("AUTH_LIST_ACL")},
	{3442, []byte("POP_MESSAGE")},
	{3443, []byte("ACK_MESSAGE")},
	{3444, []byte("PEEK_MESSAGE")},
	{3445, []byte("CHANGE_MESSAGE_INVISIBLETIME")},
	{3446, []byte("NOTIFICATION")},
	{3447, []byte("POLLING_INFO")},
	{3543, []byte("BATCH_ACK_MESSAGE")},
	{200050, []byte("POP_MESSAGE")},
	{200051, []byte("ACK_MESSAGE")},
	{200052, []byte("PEEK_MESSAGE")},
	{200053, []byte("CHANGE_MESSAGE_INVISIBLETIME")},
	{200054, []byte("NOTIFICATION")},
	{200055, []byte("POLLING_INFO")},
	{200070, []byte("POP_ROLLBACK")},
	{200071, []byte("POP_LITE_MESSAGE")},
	{200151, []byte("BATCH_ACK_MESSAGE")},
}

// outcomes are sorted by code (class ResponseCode). That there is nothing to be
// had is no error.
var outcomes = []outcome{
	{0, []byte("SUCCESS"), l7.OK},
	{1, []byte("SYSTEM_ERROR"), l7.ServerError},
	{2, []byte("SYSTEM_BUSY"), l7.ServerError},
	{3, []byte("REQUEST_CODE_NOT_SUPPORTED"), l7.ClientError},
	{4, []byte("TRANSACTION_FAILED"), l7.ServerError},
	{10, []byte("FLUSH_DISK_TIMEOUT"), l7.ServerError},
	{11, []byte("SLAVE_NOT_AVAILABLE"), l7.ServerError},
	{12, []byte("FLUSH_SLAVE_TIMEOUT"), l7.ServerError},
	{13, []byte("MESSAGE_ILLEGAL"), l7.ClientError},
	{14, []byte("SERVICE_NOT_AVAILABLE"), l7.ServerError},
	{15, []byte("VERSION_NOT_SUPPORTED"), l7.ClientError},
	{16, []byte("NO_PERMISSION"), l7.ClientError},
	{17, []byte("TOPIC_NOT_EXIST"), l7.ClientError},
	{18, []byte("TOPIC_EXIST_ALREADY"), l7.ClientError},
	{19, []byte("PULL_NOT_FOUND"), l7.OK},
	{20, []byte("PULL_RETRY_IMMEDIATELY"), l7.OK},
	{21, []byte("PULL_OFFSET_MOVED"), l7.ClientError},
	{22, []byte("QUERY_NOT_FOUND"), l7.OK},
	{23, []byte("SUBSCRIPTION_PARSE_FAILED"), l7.ClientError},
	{24, []byte("SUBSCRIPTION_NOT_EXIST"), l7.ClientError},
	{25, []byte("SUBSCRIPTION_NOT_LATEST"), l7.ClientError},
	{26, []byte("SUBSCRIPTION_GROUP_NOT_EXIST"), l7.ClientError},
	{27, []byte("FILTER_DATA_NOT_EXIST"), l7.ClientError},
	{28, []byte("FILTER_DATA_NOT_LATEST"), l7.ClientError},
	{29, []byte("INVALID_PARAMETER"), l7.ClientError},
	{200, []byte("TRANSACTION_SHOULD_COMMIT"), l7.OK},
	{201, []byte("TRANSACTION_SHOULD_ROLLBACK"), l7.OK},
	{202, []byte("TRANSACTION_STATE_UNKNOW"), l7.OK},
	{203, []byte("TRANSACTION_STATE_GROUP_WRONG"), l7.ClientError},
	{204, []byte("NO_BUYER_ID"), l7.ClientError},
	{205, []byte("NOT_IN_CURRENT_UNIT"), l7.ClientError},
	{206, []byte("CONSUMER_NOT_ONLINE"), l7.ClientError},
	{207, []byte("CONSUME_MSG_TIMEOUT"), l7.ClientError},
	{208, []byte("NO_MESSAGE"), l7.OK},
	{209, []byte("POLLING_FULL"), l7.ServerError},
	{210, []byte("POLLING_TIMEOUT"), l7.OK},
	{211, []byte("BROKER_NOT_EXIST"), l7.ServerError},
	{212, []byte("BROKER_DISPATCH_NOT_COMPLETE"), l7.ServerError},
	{213, []byte("BROADCAST_CONSUMPTION"), l7.ClientError},
	{215, []byte("FLOW_CONTROL"), l7.ServerError},
	{501, []byte("NOT_LEADER_FOR_QUEUE"), l7.ServerError},
	{604, []byte("ILLEGAL_OPERATION"), l7.ClientError},
	{1500, []byte("GO_AWAY"), l7.ServerError},
	{2000, []byte("CONTROLLER_FENCED_MASTER_EPOCH"), l7.ServerError},
	{2001, []byte("CONTROLLER_FENCED_SYNC_STATE_SET_EPOCH"), l7.ServerError},
	{2002, []byte("CONTROLLER_INVALID_MASTER"), l7.ServerError},
	{2003, []byte("CONTROLLER_INVALID_REPLICAS"), l7.ServerError},
	{2004, []byte("CONTROLLER_MASTER_NOT_AVAILABLE"), l7.ServerError},
	{2005, []byte("CONTROLLER_INVALID_REQUEST"), l7.ServerError},
	{2006, []byte("CONTROLLER_BROKER_NOT_ALIVE"), l7.ServerError},
	{2007, []byte("CONTROLLER_NOT_LEADER"), l7.ServerError},
	{2008, []byte("CONTROLLER_BROKER_METADATA_NOT_EXIST"), l7.ServerError},
	{2009, []byte("CONTROLLER_INVALID_CLEAN_BROKER_METADATA"), l7.ServerError},
	{2010, []byte("CONTROLLER_BROKER_NEED_TO_BE_REGISTERED"), l7.ServerError},
	{2011, []byte("CONTROLLER_MASTER_STILL_EXIST"), l7.ServerError},
	{2012, []byte("CONTROLLER_ELECT_MASTER_FAILED"), l7.ServerError},
	{2013, []byte("CONTROLLER_ALTER_SYNC_STATE_SET_FAILED"), l7.ServerError},
	{2014, []byte("CONTROLLER_BROKER_ID_INVALID"), l7.ServerError},
	{2015, []byte("CONTROLLER_JRAFT_INTERNAL_ERROR"), l7.ServerError},
	{2016, []byte("CONTROLLER_BROKER_LIVE_INFO_NOT_EXISTS"), l7.ServerError},
	{3001, []byte("USER_NOT_EXIST"), l7.ClientError},
	{3002, []byte("POLICY_NOT_EXIST"), l7.ClientError},
}
