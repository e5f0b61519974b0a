package main

import (
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// broker serves one node at HOST:9092 until it is told to end.
func broker(host string, sasl bool) {
	opts := []kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(9092), kfake.ClusterID("wirespan-lab"),
		kfake.SeedTopics(1, "orders"), kfake.SeedTopics(2, "invoices"),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) { return net.Listen(network, host+":9092") }),
	}
	if sasl {
		opts = append(opts, kfake.EnableSASL(), kfake.Superuser("PLAIN", "lab", "lab-secret"))
	}
	c, err := kfake.NewCluster(opts...)
	must(err)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
	c.Close()
}
