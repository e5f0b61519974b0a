package clickhouse

import (
	"context"
	"errors"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

const dialTimeout = 5 * time.Second

// fate is what an error means for a Write.
type fate uint8

const (
	passing fate = iota // try again
	full                // no space left
	final               // the server will not take it
)

// Codes of ClickHouse (src/Common/ErrorCodes.cpp) that pass.
var passingCodes = [...]int32{
	3,   // UNEXPECTED_END_OF_FILE
	32,  // ATTEMPT_TO_READ_AFTER_EOF
	159, // TIMEOUT_EXCEEDED
	160, // TOO_SLOW
	164, // READONLY
	198, // DNS_ERROR
	201, // QUOTA_EXCEEDED
	202, // TOO_MANY_SIMULTANEOUS_QUERIES
	209, // SOCKET_TIMEOUT
	210, // NETWORK_ERROR
	225, // NO_ZOOKEEPER
	236, // ABORTED
	241, // MEMORY_LIMIT_EXCEEDED
	242, // TABLE_IS_READ_ONLY
	252, // TOO_MANY_PARTS
	265, // NO_AVAILABLE_REPLICA
	279, // ALL_CONNECTION_TRIES_FAILED
	285, // TOO_FEW_LIVE_REPLICAS
	286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
	289, // REPLICA_IS_NOT_IN_QUORUM
	319, // UNKNOWN_STATUS_OF_INSERT
	394, // QUERY_WAS_CANCELLED
	415, // ALL_REPLICAS_LOST
	439, // CANNOT_SCHEDULE_TASK
	473, // DEADLOCK_AVOIDED
	499, // S3_ERROR
	516, // AUTHENTICATION_FAILED: passwords are changed on a server first
	999, // KEEPER_EXCEPTION
}

// noSpace are NOT_ENOUGH_SPACE and, of a file that cannot grow, errors that name it.
const noSpace = 243

// fateOf says what to do about an error.
func fateOf(err error) fate {
	var ex *ch.Exception
	if !errors.As(err, &ex) {
		return passing // the connection failed
	}
	if ex.Code == noSpace || outOfSpace(ex) {
		return full
	}
	for _, c := range passingCodes {
		if c == ex.Code {
			return passing
		}
	}
	return final
}

// broken reports that the connection failed, not the statement, and not because
// the caller left.
func broken(ctx context.Context, err error) bool {
	var ex *ch.Exception
	return err != nil && ctx.Err() == nil && !errors.As(err, &ex)
}

// outOfSpace reports errors of the file system, which carry its words.
func outOfSpace(ex *ch.Exception) bool {
	return strings.Contains(ex.Message, "No space left on device") || strings.Contains(ex.Message, "errno: 28")
}
