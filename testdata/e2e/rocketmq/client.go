package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

// client plays a case.
func client(host, name string) {
	rlog.SetLogLevel("fatal")
	names := []string{host + ":9876"}
	switch name {
	case "send":
		p := start(names)
		_, err := p.SendSync(context.Background(), message(1))
		must(err)
		_, err = p.SendSync(context.Background(), message(2).WithDelayTimeLevel(3))
		must(err)
		must(p.SendOneWay(context.Background(), message(3)))
		_, err = p.SendSync(context.Background(), message(4), message(5), message(6)) // a batch
		must(err)
		if _, err = p.SendSync(context.Background(), primitive.NewMessage("nowhere", []byte("x"))); err == nil {
			must(fmt.Errorf("sent to nowhere"))
		}
		must(p.Shutdown())
	case "receive":
		receive(names)
	default:
		must(fmt.Errorf("no case %q", name))
	}
}

func start(names []string) rocketmq.Producer {
	p, err := rocketmq.NewProducer(producer.WithNameServer(names), producer.WithGroupName("shop"), producer.WithInstanceName("lab"), producer.WithRetry(0))
	must(err)
	must(p.Start())
	return p
}

// message has a trace context, a request id, a tag and keys.
func message(i int) *primitive.Message {
	m := primitive.NewMessage("orders", []byte(strings.Repeat("payload ", 10)))
	m.WithTag("paid").WithKeys([]string{fmt.Sprint("order-", i), fmt.Sprint("customer-", i)})
	m.WithProperty("traceparent", fmt.Sprintf("00-%032x-%016x-01", 0x2000+i, 0x40+i))
	m.WithProperty("X-Request-ID", fmt.Sprintf("7f3a9c52-0b6e-4d1a-8c2f-5e9b7a6d%04x", i))
	return m
}

// receive reads what is there as a member of a group.
func receive(names []string) {
	c, err := rocketmq.NewPushConsumer(consumer.WithNameServer(names), consumer.WithGroupName("billing"), consumer.WithInstance("lab"),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	must(err)
	got := make(chan int, 16)
	must(c.Subscribe("orders", consumer.MessageSelector{}, func(_ context.Context, m ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		got <- len(m)
		return consumer.ConsumeSuccess, nil
	}))
	must(c.Start())
	for n := 0; n < 6; {
		select {
		case k := <-got:
			n += k
		case <-time.After(15 * time.Second):
			must(fmt.Errorf("%d of 6 messages", n))
		}
	}
	time.Sleep(700 * time.Millisecond) // a poll that brings nothing
	must(c.Shutdown())
}
