package kafka

import "github.com/wirespan/wirespan/l7"

// window is the most that is held of a direction: a compressed batch, and the
// fields before it.
const window = maxPacked + 64<<10

// Attributes, as indexes into the keys of Proto.
const (
	attrSystem uint8 = iota
	attrOperation
	attrType
	attrDestination
	attrPartition
	attrCount
	attrOffset
	attrClient
	attrGroup
	attrCluster
	attrVersion
	attrCorrelation
	attrAcks
	attrCodec
	attrTopics
	attrPartitions
	attrTopicID
	attrTransaction
	attrProducer
	attrMember
	attrMechanism
	attrSoftware
	attrRetriable
	attrUnread
)

var keys = []l7.Key{
	attrSystem:      {Name: "messaging.system", Type: l7.String, Doc: "messaging system: kafka"},
	attrOperation:   {Name: "messaging.operation.name", Type: l7.String, Doc: "what was asked of the broker: Kafka API"},
	attrType:        {Name: "messaging.operation.type", Type: l7.String, Doc: "send, receive or settle"},
	attrDestination: {Name: "messaging.destination.name", Type: l7.String, Doc: "topic; the first if there are several"},
	attrPartition:   {Name: "messaging.destination.partition.id", Type: l7.String, Doc: "partition, if there is only one"},
	attrCount:       {Name: "messaging.batch.message_count", Type: l7.Int, Doc: "messages sent or received together"},
	attrOffset:      {Name: "messaging.kafka.offset", Type: l7.Int, Doc: "offset of the first record, or the one committed or told"},
	attrClient:      {Name: "messaging.client.id", Type: l7.String, Doc: "name that the client gives itself"},
	attrGroup:       {Name: "messaging.consumer.group.name", Type: l7.String, Doc: "consumer group"},
	attrCluster:     {Name: "messaging.kafka.cluster.id", Type: l7.String, Doc: "id of the cluster, from Metadata and DescribeCluster"},
	attrVersion:     {Name: "wirespan.kafka.api.version", Type: l7.Int, Doc: "version of the API"},
	attrCorrelation: {Name: "wirespan.kafka.correlation_id", Type: l7.Int, Doc: "correlation id of request and response on their connection"},
	attrAcks:        {Name: "wirespan.kafka.acks", Type: l7.Int, Doc: "acknowledgements that a Produce waits for: 0, 1, -1 for all"},
	attrCodec:       {Name: "wirespan.kafka.compression", Type: l7.String, Doc: "codec of the record batches: gzip, snappy, lz4, zstd"},
	attrTopics:      {Name: "wirespan.kafka.topics", Type: l7.Int, Doc: "number of topics, if there are several"},
	attrPartitions:  {Name: "wirespan.kafka.partitions", Type: l7.Int, Doc: "number of partitions, if there are several"},
	attrTopicID:     {Name: "wirespan.kafka.topic.id", Type: l7.String, Doc: "id of a topic whose name was not seen on the connection"},
	attrTransaction: {Name: "wirespan.kafka.transactional.id", Type: l7.String, Doc: "transactional id"},
	attrProducer:    {Name: "wirespan.kafka.producer.id", Type: l7.Int, Doc: "producer id of a transaction or of InitProducerId"},
	attrMember:      {Name: "wirespan.kafka.member.id", Type: l7.String, Doc: "member of the consumer group"},
	attrMechanism:   {Name: "wirespan.kafka.sasl.mechanism", Type: l7.String, Doc: "SASL mechanism"},
	attrSoftware:    {Name: "wirespan.kafka.client.software", Type: l7.String, Doc: "client library and its version, from ApiVersions"},
	attrRetriable:   {Name: "wirespan.kafka.error.retriable", Type: l7.Bool, Doc: "whether a client may repeat the request that failed"},
	attrUnread:      {Name: "wirespan.kafka.batches.unread", Type: l7.Int, Doc: "record batches that could not be read: damaged, too large, unknown codec"},
}

// Proto describes Kafka.
func Proto() l7.Proto {
	t := &tools{}
	return l7.Proto{
		Name:      "kafka",
		Depth:     "every API by name, 45 by schema in all versions; topics, partitions, offsets, headers of every record in all compressions",
		Class:     l7.ClassMessaging,
		Transport: l7.TCP,
		Ports:     []uint16{9092, 9093, 9094},
		Window:    window,
		Pairing:   l7.ByMatch,
		Keys:      keys,
		Detect:    detect,
		New:       func(o l7.Options) l7.Parser { return newParser(o, t) },
	}
}
