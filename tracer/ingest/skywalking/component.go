package skywalking

import "strings"

// systems are the components that stand for a database, a queue or an RPC system
// (component-libraries.yml of SkyWalking), by the names of the conventions.
var systems = map[int64]string{
	5: "mysql", 33: "mysql", 3008: "mysql", 3012: "mysql", 5012: "mysql", 7003: "mysql", 7013: "mysql", 8004: "mysql",
	6: "oracle.db", 34: "oracle.db",
	7: "redis", 30: "redis", 56: "redis", 57: "redis", 3005: "redis", 3018: "redis", 7017: "redis", 8006: "redis",
	9: "mongodb", 42: "mongodb", 4006: "mongodb",
	20: "memcached", 35: "memcached", 36: "memcached",
	22: "postgresql", 37: "postgresql", 3007: "postgresql", 3013: "postgresql", 7010: "postgresql", 7016: "postgresql",
	31: "sqlite", 3011: "sqlite", 4: "h2database", 32: "h2database",
	47: "elasticsearch", 48: "elasticsearch", 77: "elasticsearch",
	69: "cassandra", 70: "cassandra", 86: "mariadb", 87: "mariadb", 89: "influxdb", 90: "influxdb", 94: "hbase", 112: "neo4j",
	104: "microsoft.sql_server", 3003: "microsoft.sql_server", 3006: "microsoft.sql_server", 3010: "microsoft.sql_server",
	119: "clickhouse", 120: "clickhouse", 138: "aws.dynamodb",
	25: "rocketmq", 38: "rocketmq", 39: "rocketmq", 27: "kafka", 40: "kafka", 41: "kafka", 95: "kafka",
	44: "activemq", 45: "activemq", 46: "activemq", 51: "rabbitmq", 52: "rabbitmq", 53: "rabbitmq", 72: "pulsar", 73: "pulsar", 74: "pulsar",
	132: "nats", 139: "aws.sns", 140: "aws_sqs", 143: "rabbitmq", 144: "rabbitmq", 145: "rabbitmq",
	3: "dubbo", 23: "grpc", 43: "sofarpc", 8: "motan", 91: "brpc", 100: "thrift", 101: "thrift", 107: "jsonrpc",
}

// libraries are names under which the query API tells the same components.
var libraries = map[string]string{
	"jedis": "redis", "lettuce": "redis", "redisson": "redis", "stackexchange.redis": "redis", "predis": "redis", "aioredis": "redis",
	"mysql-connector-java": "mysql", "pymysql": "mysql", "mysqli": "mysql", "gomysql": "mysql", "mysqlconnector": "mysql",
	"postgresql-jdbc-driver": "postgresql", "npgsql": "postgresql", "psychopg": "postgresql", "asyncpg": "postgresql",
	"mongodb-driver": "mongodb", "mongoose": "mongodb", "spymemcached": "memcached", "xmemcached": "memcached",
	"cassandra-java-driver": "cassandra", "mariadb-jdbc": "mariadb", "mssql-jdbc-driver": "microsoft.sql_server", "sqlclient": "microsoft.sql_server",
	"ojdbc": "oracle.db", "transport-client": "elasticsearch", "rest-high-level-client": "elasticsearch", "clickhouse-jdbc-driver": "clickhouse",
	"kafka-producer": "kafka", "kafka-consumer": "kafka", "spring-kafka-consumer": "kafka", "rocketmq-producer": "rocketmq", "rocketmq-consumer": "rocketmq",
	"rabbitmq-producer": "rabbitmq", "rabbitmq-consumer": "rabbitmq", "activemq-producer": "activemq", "activemq-consumer": "activemq",
	"pulsar-producer": "pulsar", "pulsar-consumer": "pulsar", "amqp": "rabbitmq", "amqp-producer": "rabbitmq", "amqp-consumer": "rabbitmq",
	"thrift-server": "thrift", "thrift-client": "thrift", "brpc-java": "brpc", "apache-dubbo": "dubbo",
}

// system is what the component stands for, empty if it stands for none.
func (o *object) system() string {
	if name, ok := systems[o.component]; ok {
		return name
	}
	name := strings.ToLower(o.library)
	if s, ok := libraries[name]; ok {
		return s
	}
	for _, s := range systems {
		if s == name {
			return s
		}
	}
	return ""
}

// SystemName is the db.system.name of a db.type: Mysql, PostgreSQL, sql, Redis, ...
func SystemName(dbType string) string {
	switch name := strings.ToLower(dbType); name {
	case "oracle":
		return "oracle.db"
	case "mssql", "sqlserver", "microsoft sql server":
		return "microsoft.sql_server"
	case "h2":
		return "h2database"
	case "sql", "": // says nothing; the component may
		return ""
	default:
		return name
	}
}
