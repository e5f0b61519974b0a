package redis

// shape says which arguments of a command are keys, and what its reply is
// good for. Positions count from the command, which is 0, as the key
// specifications of COMMAND do (https://redis.io/docs/latest/commands/command/).
type shape struct {
	first int8 // first key; 0 if there is none
	last  int8 // last key; negative counts from the end
	step  int8 // 0 means first only
	kind  kind // what the reply means to the parser
	flags uint8
}

// Flags of a shape.
const (
	container uint8 = 1 << iota // the first argument is a subcommand, in clear
	numbered                    // keys follow a count: EVAL script numkeys key...
	publishes                   // the argument behind the key is a message: its digest names it on both sides
)

// longest is the length of the longest name of a command.
const longest = 32

// lookup finds a command by its name in upper case. Commands of modules have a
// dot in their name and, nearly all, a key behind it.
func lookup(name []byte) (s shape, ok bool) {
	switch string(name) {
	case "PING", "QUIT", "INFO", "TIME", "AUTH", "ECHO", "DBSIZE", "MULTI", "EXEC", "DISCARD", "UNWATCH", "RANDOMKEY", "KEYS", "SCAN", "LASTSAVE", "SAVE",
		"BGSAVE", "BGREWRITEAOF", "FLUSHALL", "FLUSHDB", "SWAPDB", "READONLY", "READWRITE", "ASKING", "RESET", "WAIT",
		"WAITAOF", "ROLE", "REPLICAOF", "SLAVEOF", "FAILOVER", "LOLWUT", "HELLO", "SHUTDOWN":
		return shape{}, true
	case "SELECT":
		return shape{kind: selects}, true
	case "CLIENT", "CONFIG", "COMMAND", "CLUSTER", "SCRIPT", "FUNCTION", "ACL", "LATENCY", "SLOWLOG", "MODULE", "PUBSUB",
		"DEBUG", "REPLCONF", "SENTINEL":
		return shape{flags: container}, true
	case "MEMORY", "OBJECT", "XINFO", "XGROUP":
		return shape{first: 2, last: 2, flags: container}, true
	case "DEL", "UNLINK", "EXISTS", "TOUCH", "MGET", "WATCH", "SDIFF", "SINTER", "SUNION", "SDIFFSTORE", "SINTERSTORE",
		"SUNIONSTORE", "PFCOUNT", "PFMERGE":
		return shape{first: 1, last: -1, step: 1}, true
	case "MSET", "MSETNX":
		return shape{first: 1, last: -1, step: 2}, true
	case "RENAME", "RENAMENX", "RPOPLPUSH", "SMOVE", "COPY", "LMOVE", "BRPOPLPUSH", "BLMOVE", "LCS", "GEOSEARCHSTORE", "ZRANGESTORE":
		return shape{first: 1, last: 2, step: 1}, true
	case "BITOP":
		return shape{first: 2, last: -1, step: 1}, true
	case "BLPOP", "BRPOP":
		return shape{first: 1, last: -2, step: 1, kind: popsPair}, true
	case "BZPOPMIN", "BZPOPMAX":
		return shape{first: 1, last: -2, step: 1}, true
	case "LPOP", "RPOP":
		return shape{first: 1, kind: pops}, true
	case "LPUSH", "RPUSH", "LPUSHX", "RPUSHX":
		return shape{first: 1, flags: publishes}, true
	case "PUBLISH", "SPUBLISH":
		return shape{first: 1, flags: publishes}, true
	case "XADD":
		return shape{first: 1, kind: adds}, true
	case "XREAD", "XREADGROUP":
		return shape{kind: reads}, true
	case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO":
		return shape{flags: numbered}, true
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE":
		return shape{first: 1, last: -1, step: 1, kind: subscribes}, true
	case "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE":
		return shape{first: 1, last: -1, step: 1, kind: unsubscribes}, true
	case "MONITOR":
		return shape{kind: monitors}, true
	case "PSYNC", "SYNC":
		return shape{kind: syncs}, true
	case "GET", "APPEND", "TYPE", "SET", "INCR", "DECR", "DUMP", "GETSET", "GETDEL", "GETEX", "SETNX", "SETEX", "PSETEX", "STRLEN", "GETRANGE", "SETRANGE", "SUBSTR", "GETBIT",
		"SETBIT", "BITCOUNT", "BITPOS", "BITFIELD", "BITFIELD_RO", "INCRBY", "DECRBY", "INCRBYFLOAT", "RESTORE", "EXPIRE",
		"EXPIREAT", "PEXPIRE", "PEXPIREAT", "EXPIRETIME", "PEXPIRETIME", "TTL", "PTTL", "PERSIST", "MOVE", "SORT", "SORT_RO",
		"MIGRATE", "LINSERT", "LLEN", "LINDEX", "LSET", "LRANGE", "LTRIM", "LREM", "LPOS", "HSET", "HGET", "HMSET", "HMGET",
		"HGETALL", "HDEL", "HLEN", "HSTRLEN", "HEXISTS", "HKEYS", "HVALS", "HINCRBY", "HINCRBYFLOAT", "HSETNX", "HSCAN",
		"HRANDFIELD", "HEXPIRE", "HPEXPIRE", "HTTL", "HPTTL", "HPERSIST", "HGETDEL", "HGETEX", "HSETEX", "SADD", "SREM",
		"SCARD", "SISMEMBER", "SMISMEMBER", "SMEMBERS", "SPOP", "SRANDMEMBER", "SSCAN", "ZADD", "ZINCRBY", "ZREM", "ZCARD",
		"ZCOUNT", "ZLEXCOUNT", "ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZRANGEBYLEX", "ZREVRANGEBYLEX",
		"ZRANK", "ZREVRANK", "ZSCORE", "ZMSCORE", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX", "ZPOPMIN",
		"ZPOPMAX", "ZSCAN", "ZRANDMEMBER", "PFADD", "GEOADD", "GEODIST", "GEOHASH", "GEOPOS", "GEORADIUS",
		"GEORADIUSBYMEMBER", "GEOSEARCH", "XLEN", "XRANGE", "XREVRANGE", "XDEL", "XTRIM", "XACK", "XPENDING", "XCLAIM",
		"XAUTOCLAIM", "XSETID":
		return shape{first: 1}, true
	case "ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE":
		return shape{first: 1}, true
	case "LMPOP", "ZMPOP", "ZUNION", "ZINTER", "ZDIFF", "SINTERCARD", "ZINTERCARD", "BLMPOP", "BZMPOP":
		return shape{}, true
	}
	for _, c := range name {
		if c == '.' {
			return shape{first: 1}, true
		}
	}
	return shape{}, false
}

// isKey reports whether argument i of n is a key.
func (s *shape) isKey(i, n int) bool {
	if s.first == 0 || i < int(s.first) {
		return false
	}
	if s.step == 0 {
		return i == int(s.first)
	}
	last := int(s.last)
	if last < 0 {
		last += n
	}
	return i <= last && (i-int(s.first))%int(s.step) == 0
}
