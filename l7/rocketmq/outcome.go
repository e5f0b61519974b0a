package rocketmq

import (
	"slices"

	"github.com/wirespan/wirespan/l7"
)

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
