package sqltext

// keyword is a word that the summary acts on.
type keyword uint8

const (
	plain   keyword = iota // any other word
	kSelect                // operations
	kInsert
	kReplace
	kMerge
	kUpdate
	kDelete
	kWith
	kCreate // of objects: a kind follows
	kAlter
	kDrop
	kTarget // operations whose target follows
	kName   // the same, but what follows is no table
	kLoad   // LOAD DATA ... INTO TABLE
	kCovers // operations that contain others: EXPLAIN, PREPARE, BEGIN
	kWord   // operations whose next word says what: SHOW, START
	kFrom   // what introduces targets
	kJoin
	kInto
	kUsing
	kTable // kinds of objects
	kKind
	kSkip   // may stand before a target
	kClause // ends a list of targets
	kDistinct
	kBefore // ON, KEY, FOR, DO: the UPDATE or DELETE that follows is no operation
)

// keywordOf classifies a word without regard to case.
func keywordOf(w []byte) keyword {
	if len(w) < 2 || len(w) > 13 {
		return plain
	}
	var up [13]byte
	for i, c := range w {
		if c >= 'a' && c <= 'z' {
			c -= 0x20
		}
		up[i] = c
	}
	switch string(up[:len(w)]) {
	case "SELECT":
		return kSelect
	case "INSERT", "UPSERT":
		return kInsert
	case "REPLACE":
		return kReplace
	case "MERGE":
		return kMerge
	case "UPDATE":
		return kUpdate
	case "DELETE":
		return kDelete
	case "WITH":
		return kWith
	case "CREATE":
		return kCreate
	case "ALTER":
		return kAlter
	case "DROP":
		return kDrop
	case "TRUNCATE", "COPY", "DESC", "DESCRIBE", "LOCK", "OPTIMIZE", "VACUUM", "REINDEX", "CHECK", "REPAIR", "CHECKSUM", "HANDLER":
		return kTarget
	case "USE", "CALL", "EXEC", "EXECUTE", "LISTEN", "UNLISTEN", "NOTIFY", "DEALLOCATE":
		return kName
	case "LOAD":
		return kLoad
	case "EXPLAIN", "PREPARE", "BEGIN", "DECLARE", "IF", "WHILE", "ANALYZE":
		return kCovers
	case "SHOW", "START":
		return kWord
	case "FROM":
		return kFrom
	case "JOIN", "STRAIGHT_JOIN":
		return kJoin
	case "INTO":
		return kInto
	case "USING":
		return kUsing
	case "TABLE", "TABLES":
		return kTable
	case "VIEW", "INDEX", "DATABASE", "SCHEMA", "SEQUENCE", "PROCEDURE", "FUNCTION", "TRIGGER", "KEYSPACE", "TYPE",
		"EVENT", "EXTENSION", "SERVER", "TABLESPACE", "DOMAIN", "AGGREGATE", "PACKAGE", "SYNONYM", "PUBLICATION", "SUBSCRIPTION",
		"USER", "ROLE", "LOGIN":
		return kKind
	case "ONLY", "LATERAL", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "OVERWRITE", "NOT", "EXISTS", "OR",
		"TEMPORARY", "TEMP", "UNIQUE", "GLOBAL", "LOCAL", "UNLOGGED", "EXTERNAL", "MATERIALIZED", "FULLTEXT", "SPATIAL",
		"CLUSTERED", "NONCLUSTERED", "CONCURRENTLY", "ONLINE", "OFFLINE", "FULL", "VERBOSE", "EXTENDED", "PREPARED", "FOREIGN",
		"FORCE", "EDITIONABLE", "TOP":
		return kSkip
	case "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "SET", "VALUES", "VALUE", "UNION", "EXCEPT", "INTERSECT", "MINUS", "WINDOW",
		"RETURNING", "OFFSET", "FETCH", "OUTPUT", "WHEN", "PROCESSLIST":
		return kClause
	case "DISTINCT":
		return kDistinct
	case "ON", "KEY", "FOR", "DO", "OF":
		return kBefore
	}
	return plain
}
