package all

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/amqp"
	"github.com/wirespan/wirespan/l7/cassandra"
	"github.com/wirespan/wirespan/l7/dns"
	"github.com/wirespan/wirespan/l7/dubbo"
	"github.com/wirespan/wirespan/l7/fastcgi"
	"github.com/wirespan/wirespan/l7/http1"
	"github.com/wirespan/wirespan/l7/http2"
	"github.com/wirespan/wirespan/l7/icmp"
	"github.com/wirespan/wirespan/l7/kafka"
	"github.com/wirespan/wirespan/l7/memcached"
	"github.com/wirespan/wirespan/l7/mongodb"
	"github.com/wirespan/wirespan/l7/mqtt"
	"github.com/wirespan/wirespan/l7/mysql"
	"github.com/wirespan/wirespan/l7/nats"
	"github.com/wirespan/wirespan/l7/openwire"
	"github.com/wirespan/wirespan/l7/oracle"
	"github.com/wirespan/wirespan/l7/postgresql"
	"github.com/wirespan/wirespan/l7/proxy"
	"github.com/wirespan/wirespan/l7/redis"
	"github.com/wirespan/wirespan/l7/rocketmq"
	"github.com/wirespan/wirespan/l7/socks"
	"github.com/wirespan/wirespan/l7/stomp"
	"github.com/wirespan/wirespan/l7/tds"
	"github.com/wirespan/wirespan/l7/thrift"
	"github.com/wirespan/wirespan/l7/tls"
)

// Protos lists the protocols in detection order: those whose Detect is the
// surest come first. The caller owns the slice.
func Protos() []l7.Proto {
	return []l7.Proto{
		proxy.Proto(),
		tls.Proto(),
		http1.Proto(),
		http2.Proto(),
		kafka.Proto(),
		rocketmq.Proto(),
		mysql.Proto(),
		postgresql.Proto(),
		tds.Proto(),
		oracle.Proto(),
		openwire.Proto(),
		amqp.Proto(),
		nats.Proto(),
		stomp.Proto(),
		mongodb.Proto(),
		cassandra.Proto(),
		mqtt.Proto(),
		dubbo.Proto(),
		fastcgi.Proto(),
		thrift.Proto(),
		redis.Proto(),
		memcached.Binary(),
		memcached.Text(),
		memcached.UDP(),
		socks.Proto(),
		dns.TCP(),
		dns.UDP(),
		icmp.Proto(),
	}
}
