package kafka

import "github.com/wirespan/wirespan/l7"

// failure is an error code (protocol guide, "Error codes").
type failure struct {
	name   []byte
	retry  bool      // a client may repeat the request as it is
	status l7.Status // whose error it is: what the client asked for, or what the broker could do
}

// failureOf finds an error code. Codes that are not known are the broker's.
func failureOf(code int16) (f failure, ok bool) {
	if code == -1 {
		return failure{name: unknownServerError, status: l7.ServerError}, true
	}
	if code <= 0 || int(code) >= len(failures) {
		return failure{status: l7.ServerError}, false
	}
	return failures[code], true
}

var unknownServerError = []byte("UNKNOWN_SERVER_ERROR")

// broker is an error of the broker's, client one of the client's.
func broker(name string, retry bool) failure {
	return failure{name: []byte(name), retry: retry, status: l7.ServerError}
}

func client(name string, retry bool) failure {
	return failure{name: []byte(name), retry: retry, status: l7.ClientError}
}

// failures has the errors by code.
var failures = [...]failure{
	1:   client("OFFSET_OUT_OF_RANGE", false),
	2:   broker("CORRUPT_MESSAGE", true),
	3:   client("UNKNOWN_TOPIC_OR_PARTITION", true),
	4:   client("INVALID_FETCH_SIZE", false),
	5:   broker("LEADER_NOT_AVAILABLE", true),
	6:   broker("NOT_LEADER_OR_FOLLOWER", true),
	7:   broker("REQUEST_TIMED_OUT", true),
	8:   broker("BROKER_NOT_AVAILABLE", true),
	9:   broker("REPLICA_NOT_AVAILABLE", true),
	10:  client("MESSAGE_TOO_LARGE", false),
	11:  broker("STALE_CONTROLLER_EPOCH", false),
	12:  client("OFFSET_METADATA_TOO_LARGE", false),
	13:  broker("NETWORK_EXCEPTION", true),
	14:  broker("COORDINATOR_LOAD_IN_PROGRESS", true),
	15:  broker("COORDINATOR_NOT_AVAILABLE", true),
	16:  broker("NOT_COORDINATOR", true),
	17:  client("INVALID_TOPIC_EXCEPTION", false),
	18:  client("RECORD_LIST_TOO_LARGE", false),
	19:  broker("NOT_ENOUGH_REPLICAS", true),
	20:  broker("NOT_ENOUGH_REPLICAS_AFTER_APPEND", true),
	21:  client("INVALID_REQUIRED_ACKS", false),
	22:  client("ILLEGAL_GENERATION", false),
	23:  client("INCONSISTENT_GROUP_PROTOCOL", false),
	24:  client("INVALID_GROUP_ID", false),
	25:  client("UNKNOWN_MEMBER_ID", false),
	26:  client("INVALID_SESSION_TIMEOUT", false),
	27:  broker("REBALANCE_IN_PROGRESS", false),
	28:  client("INVALID_COMMIT_OFFSET_SIZE", false),
	29:  client("TOPIC_AUTHORIZATION_FAILED", false),
	30:  client("GROUP_AUTHORIZATION_FAILED", false),
	31:  client("CLUSTER_AUTHORIZATION_FAILED", false),
	32:  client("INVALID_TIMESTAMP", false),
	33:  client("UNSUPPORTED_SASL_MECHANISM", false),
	34:  client("ILLEGAL_SASL_STATE", false),
	35:  client("UNSUPPORTED_VERSION", false),
	36:  client("TOPIC_ALREADY_EXISTS", false),
	37:  client("INVALID_PARTITIONS", false),
	38:  client("INVALID_REPLICATION_FACTOR", false),
	39:  client("INVALID_REPLICA_ASSIGNMENT", false),
	40:  client("INVALID_CONFIG", false),
	41:  broker("NOT_CONTROLLER", true),
	42:  client("INVALID_REQUEST", false),
	43:  client("UNSUPPORTED_FOR_MESSAGE_FORMAT", false),
	44:  client("POLICY_VIOLATION", false),
	45:  client("OUT_OF_ORDER_SEQUENCE_NUMBER", false),
	46:  client("DUPLICATE_SEQUENCE_NUMBER", false),
	47:  client("INVALID_PRODUCER_EPOCH", false),
	48:  client("INVALID_TXN_STATE", false),
	49:  client("INVALID_PRODUCER_ID_MAPPING", false),
	50:  client("INVALID_TRANSACTION_TIMEOUT", false),
	51:  client("CONCURRENT_TRANSACTIONS", false),
	52:  client("TRANSACTION_COORDINATOR_FENCED", false),
	53:  client("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false),
	54:  broker("SECURITY_DISABLED", false),
	55:  broker("OPERATION_NOT_ATTEMPTED", false),
	56:  broker("KAFKA_STORAGE_ERROR", true),
	57:  client("LOG_DIR_NOT_FOUND", false),
	58:  client("SASL_AUTHENTICATION_FAILED", false),
	59:  client("UNKNOWN_PRODUCER_ID", false),
	60:  broker("REASSIGNMENT_IN_PROGRESS", false),
	61:  client("DELEGATION_TOKEN_AUTH_DISABLED", false),
	62:  client("DELEGATION_TOKEN_NOT_FOUND", false),
	63:  client("DELEGATION_TOKEN_OWNER_MISMATCH", false),
	64:  client("DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false),
	65:  client("DELEGATION_TOKEN_AUTHORIZATION_FAILED", false),
	66:  client("DELEGATION_TOKEN_EXPIRED", false),
	67:  client("INVALID_PRINCIPAL_TYPE", false),
	68:  client("NON_EMPTY_GROUP", false),
	69:  client("GROUP_ID_NOT_FOUND", false),
	70:  broker("FETCH_SESSION_ID_NOT_FOUND", true),
	71:  broker("INVALID_FETCH_SESSION_EPOCH", true),
	72:  broker("LISTENER_NOT_FOUND", true),
	73:  client("TOPIC_DELETION_DISABLED", false),
	74:  broker("FENCED_LEADER_EPOCH", true),
	75:  broker("UNKNOWN_LEADER_EPOCH", true),
	76:  client("UNSUPPORTED_COMPRESSION_TYPE", false),
	77:  broker("STALE_BROKER_EPOCH", false),
	78:  broker("OFFSET_NOT_AVAILABLE", true),
	79:  client("MEMBER_ID_REQUIRED", false),
	80:  broker("PREFERRED_LEADER_NOT_AVAILABLE", true),
	81:  client("GROUP_MAX_SIZE_REACHED", false),
	82:  client("FENCED_INSTANCE_ID", false),
	83:  broker("ELIGIBLE_LEADERS_NOT_AVAILABLE", true),
	84:  broker("ELECTION_NOT_NEEDED", true),
	85:  broker("NO_REASSIGNMENT_IN_PROGRESS", false),
	86:  client("GROUP_SUBSCRIBED_TO_TOPIC", false),
	87:  client("INVALID_RECORD", false),
	88:  broker("UNSTABLE_OFFSET_COMMIT", true),
	89:  broker("THROTTLING_QUOTA_EXCEEDED", true),
	90:  client("PRODUCER_FENCED", false),
	91:  client("RESOURCE_NOT_FOUND", false),
	92:  client("DUPLICATE_RESOURCE", false),
	93:  client("UNACCEPTABLE_CREDENTIAL", false),
	94:  client("INCONSISTENT_VOTER_SET", false),
	95:  client("INVALID_UPDATE_VERSION", false),
	96:  broker("FEATURE_UPDATE_FAILED", false),
	97:  broker("PRINCIPAL_DESERIALIZATION_FAILURE", false),
	98:  broker("SNAPSHOT_NOT_FOUND", false),
	99:  client("POSITION_OUT_OF_RANGE", false),
	100: broker("UNKNOWN_TOPIC_ID", true),
	101: client("DUPLICATE_BROKER_REGISTRATION", false),
	102: client("BROKER_ID_NOT_REGISTERED", false),
	103: broker("INCONSISTENT_TOPIC_ID", true),
	104: broker("INCONSISTENT_CLUSTER_ID", false),
	105: client("TRANSACTIONAL_ID_NOT_FOUND", false),
	106: broker("FETCH_SESSION_TOPIC_ID_ERROR", true),
	107: broker("INELIGIBLE_REPLICA", false),
	108: broker("NEW_LEADER_ELECTED", false),
	109: broker("OFFSET_MOVED_TO_TIERED_STORAGE", false),
	110: client("FENCED_MEMBER_EPOCH", false),
	111: client("UNRELEASED_INSTANCE_ID", false),
	112: client("UNSUPPORTED_ASSIGNOR", false),
	113: client("STALE_MEMBER_EPOCH", false),
	114: client("MISMATCHED_ENDPOINT_TYPE", false),
	115: client("UNSUPPORTED_ENDPOINT_TYPE", false),
	116: client("UNKNOWN_CONTROLLER_ID", false),
	117: client("UNKNOWN_SUBSCRIPTION_ID", false),
	118: client("TELEMETRY_TOO_LARGE", false),
	119: client("INVALID_REGISTRATION", false),
	120: broker("TRANSACTION_ABORTABLE", false),
	121: client("INVALID_RECORD_STATE", false),
	122: broker("SHARE_SESSION_NOT_FOUND", false),
	123: client("INVALID_SHARE_SESSION_EPOCH", false),
	124: client("FENCED_STATE_EPOCH", false),
	125: client("INVALID_VOTER_KEY", false),
	126: client("DUPLICATE_VOTER", false),
	127: client("VOTER_NOT_FOUND", false),
	128: client("INVALID_REGULAR_EXPRESSION", false),
	129: client("REBOOTSTRAP_REQUIRED", false),
	130: client("STREAMS_INVALID_TOPOLOGY", false),
	131: client("STREAMS_INVALID_TOPOLOGY_EPOCH", false),
	132: client("STREAMS_TOPOLOGY_FENCED", false),
	133: broker("SHARE_SESSION_LIMIT_REACHED", true),
	134: broker("GROUP_DELETION_FAILED", false),
	135: broker("STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED", false),
	136: client("CONTROLLER_ID_NOT_REGISTERED", false),
}
