package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// client plays a case.
func client(host, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	seed := []kgo.Opt{kgo.SeedBrokers(host + ":9092"), kgo.ClientID("lab-" + name), kgo.DisableClientMetrics()}
	switch name {
	case "flow":
		produce(ctx, append(seed, kgo.ProducerBatchCompression(kgo.NoCompression())), 3)
		consume(ctx, seed, 3)
	case "gzip", "snappy", "lz4", "zstd":
		codec := map[string]kgo.CompressionCodec{"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}[name]
		produce(ctx, append(seed, kgo.ProducerBatchCompression(codec)), 8)
		consume(ctx, append(seed, kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd().Relative(-8))), 8)
	case "acks0":
		produce(ctx, append(seed, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite()), 2)
	case "classic": // no flexible versions, no idempotence
		old := append(seed, kgo.MaxVersions(kversion.V0_11_0()), kgo.DisableIdempotentWrite(), kgo.ProducerBatchCompression(kgo.NoCompression()))
		produce(ctx, old, 2)
	case "v2": // classic versions, record batches
		old := append(seed, kgo.MaxVersions(kversion.V2_3_0()), kgo.ProducerBatchCompression(kgo.NoCompression()))
		produce(ctx, old, 2)
		consume(ctx, append(old, kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd().Relative(-2))), 2)
	case "txn":
		transaction(ctx, append(seed, kgo.TransactionalID("lab-txn")))
	case "admin":
		admin(ctx, append(seed, kgo.MaxVersions(kversion.Stable())))
	case "sasl":
		produce(ctx, append(seed, kgo.SASL(plain.Auth{User: "lab", Pass: "lab-secret"}.AsMechanism())), 1)
	default:
		must(fmt.Errorf("no case %q", name))
	}
}

// headers of the i-th record: a trace context, a request id and what is neither.
func headers(i int) []kgo.RecordHeader {
	h := []kgo.RecordHeader{
		{Key: "content-type", Value: []byte("text/plain")},
		{Key: "traceparent", Value: fmt.Appendf(nil, "00-%032x-%016x-01", 0x1000+i, 0x20+i)},
	}
	if i%2 == 0 {
		h = append(h, kgo.RecordHeader{Key: "X-Request-ID", Value: fmt.Appendf(nil, "7f3a9c52-0b6e-4d1a-8c2f-5e9b7a6d%04x", i)})
	}
	return h
}

// produce sends n records in one batch.
func produce(ctx context.Context, opts []kgo.Opt, n int) {
	c, err := kgo.NewClient(append(opts, kgo.DefaultProduceTopic("orders"), kgo.ProducerLinger(50*time.Millisecond))...)
	must(err)
	defer c.Close()
	var records []*kgo.Record
	for i := range n {
		r := &kgo.Record{Key: fmt.Appendf(nil, "key-%d", i), Value: []byte(strings.Repeat("payload ", 20)), Headers: headers(i)}
		records = append(records, r)
	}
	must(c.ProduceSync(ctx, records...).FirstErr())
	must(c.Flush(ctx))
}

// consume reads n records as a member of a group.
func consume(ctx context.Context, opts []kgo.Opt, n int) {
	start := kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())
	c, err := kgo.NewClient(append([]kgo.Opt{start, kgo.ConsumerGroup("billing"), kgo.ConsumeTopics("orders"), kgo.FetchMaxWait(300 * time.Millisecond), kgo.DisableAutoCommit()}, opts...)...)
	must(err)
	defer c.Close()
	for got := 0; got < n; {
		f := c.PollFetches(ctx)
		must(f.Err())
		got += f.NumRecords()
	}
	must(c.CommitUncommittedOffsets(ctx))
	must(c.LeaveGroupContext(ctx))
}

// transaction sends to two topics, commits, then aborts.
func transaction(ctx context.Context, opts []kgo.Opt) {
	c, err := kgo.NewClient(opts...)
	must(err)
	defer c.Close()
	for _, how := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		must(c.BeginTransaction())
		for i, topic := range []string{"orders", "invoices"} {
			must(c.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("paid"), Headers: headers(i)}).FirstErr())
		}
		must(c.EndTransaction(ctx, how))
	}
}

// admin asks for what producers and consumers do not, and is refused some of
// it.
func admin(ctx context.Context, opts []kgo.Opt) {
	c, err := kgo.NewClient(opts...)
	must(err)
	defer c.Close()
	create := kmsg.NewPtrCreateTopicsRequest()
	for _, name := range []string{"returns", "orders"} { // the second exists
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = name, 2, 1
		create.Topics = append(create.Topics, t)
	}
	list := kmsg.NewPtrListOffsetsRequest()
	lt := kmsg.NewListOffsetsRequestTopic()
	lt.Topic = "orders"
	lp := kmsg.NewListOffsetsRequestTopicPartition()
	lp.Timestamp = -1
	lt.Partitions = append(lt.Partitions, lp)
	list.Topics = append(list.Topics, lt)
	gone := kmsg.NewPtrListOffsetsRequest()
	gt := lt
	gt.Topic = "nowhere"
	gone.Topics = append(gone.Topics, gt)
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.MemberID = "billing", "nobody"
	fetch := kmsg.NewPtrOffsetFetchRequest()
	fetch.Group = "billing"
	drop := kmsg.NewPtrDeleteTopicsRequest()
	drop.TopicNames = []string{"returns"}
	returns := "returns"
	dt := kmsg.NewDeleteTopicsRequestTopic()
	dt.Topic = &returns
	drop.Topics = append(drop.Topics, dt)
	for _, r := range []kmsg.Request{create, list, gone, beat, fetch, kmsg.NewPtrListGroupsRequest(), kmsg.NewPtrDescribeClusterRequest(), drop} {
		if _, err := c.Broker(0).Request(ctx, r); err != nil {
			fmt.Println(r.Key(), err)
		}
	}
}
