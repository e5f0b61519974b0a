package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stored is a message of the one queue of a topic.
type stored struct {
	body  []byte
	props string
}

// store keeps messages by topic.
type store struct {
	sync.Mutex
	host   string
	binary bool
	topics map[string][]stored
	group  map[string]string // offsets by group and topic
	client string            // that sent a heart beat
}

// serve answers as name server at 9876 and as broker at 10911.
func serve(host string, bin bool) {
	s := &store{host: host, binary: bin, topics: map[string][]stored{"orders": nil}, group: map[string]string{}}
	for _, port := range []string{"9876", "10911"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		must(err)
		go s.accept(l)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	<-stop
}

func (s *store) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.conn(c)
	}
}

func (s *store) conn(c net.Conn) {
	defer c.Close()
	var out sync.Mutex
	for {
		q, err := read(c)
		if err != nil {
			return
		}
		go func() { // a poll that waits holds up nobody
			a := s.answer(q, c)
			if q.Flag&2 != 0 || a == nil {
				return
			}
			a.Opaque, a.Flag, a.Language, a.Version = q.Opaque, 1, "JAVA", 413
			out.Lock()
			defer out.Unlock()
			_ = a.write(c, s.binary)
		}()
	}
}

func (s *store) answer(q *command, c net.Conn) *command {
	x := q.ExtFields
	switch q.Code {
	case 105:
		return s.route(x["topic"])
	case 10, 310, 320:
		return s.send(q)
	case 11:
		return s.pull(x, c)
	case 14:
		s.Lock()
		defer s.Unlock()
		if o, ok := s.group[x["consumerGroup"]+" "+x["topic"]]; ok {
			return &command{ExtFields: map[string]string{"offset": o}}
		}
		return &command{ExtFields: map[string]string{"offset": "0"}}
	case 15:
		s.Lock()
		defer s.Unlock()
		s.group[x["consumerGroup"]+" "+x["topic"]] = x["commitOffset"]
	case 30:
		s.Lock()
		defer s.Unlock()
		return &command{ExtFields: map[string]string{"offset": strconv.Itoa(len(s.topics[x["topic"]]))}}
	case 38:
		s.Lock()
		defer s.Unlock()
		return &command{Body: fmt.Appendf(nil, `{"consumerIdList":[%q]}`, s.client)}
	case 34:
		var beat struct{ ClientID string }
		must(json.Unmarshal(q.Body, &beat))
		s.Lock()
		defer s.Unlock()
		s.client = beat.ClientID
	}
	return &command{}
}

func (s *store) route(topic string) *command {
	s.Lock()
	defer s.Unlock()
	if _, ok := s.topics[topic]; !ok && !strings.HasPrefix(topic, "%RETRY%") {
		return &command{Code: 17, Remark: "No topic route info in name server for the topic: " + topic}
	}
	return &command{Body: fmt.Appendf(nil, `{"brokerDatas":[{"brokerAddrs":{"0":"%s:10911"},"brokerName":"lab","cluster":"lab"}],"filterServerTable":{},"queueDatas":[{"brokerName":"lab","perm":6,"readQueueNums":1,"topicSysFlag":0,"writeQueueNums":1}]}`, s.host)}
}

func (s *store) send(q *command) *command {
	x := q.ExtFields
	topic, props := x["b"], x["i"]
	if q.Code == 10 {
		topic, props = x["topic"], x["properties"]
	}
	s.Lock()
	defer s.Unlock()
	list := s.topics[topic]
	first := len(list)
	if q.Code == 320 || x["batch"] == "true" || x["m"] == "true" {
		list = append(list, unbatch(q.Body)...)
	} else {
		list = append(list, stored{q.Body, props})
	}
	s.topics[topic] = list
	return &command{ExtFields: map[string]string{
		"msgId": fmt.Sprintf("C000021400002A9F%016X", first), "queueId": "0", "queueOffset": strconv.Itoa(first), "MSG_REGION": "DefaultRegion", "TRACE_ON": "true",
	}}
}

// unbatch takes the messages of a batch apart.
func unbatch(b []byte) (list []stored) {
	for len(b) > 20 {
		n := binary.BigEndian.Uint32(b)
		body := binary.BigEndian.Uint32(b[16:])
		m := stored{body: b[20 : 20+body]}
		m.props = string(b[22+body : n])
		list = append(list, m)
		b = b[n:]
	}
	return list
}

// pull answers with up to 32 messages, or after half a second with none.
func (s *store) pull(x map[string]string, c net.Conn) *command {
	offset, _ := strconv.Atoi(x["queueOffset"])
	for range 5 {
		s.Lock()
		list := s.topics[x["topic"]]
		s.Unlock()
		if offset < len(list) {
			var body []byte
			for i := offset; i < len(list) && i < offset+32; i++ {
				body = append(body, s.message(x["topic"], i, list[i], c)...)
			}
			return &command{Remark: "FOUND", Body: body, ExtFields: limits(min(len(list), offset+32), len(list))}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return &command{Code: 19, Remark: "OFFSET_OVERFLOW_ONE", ExtFields: limits(offset, offset)}
}

func limits(next, top int) map[string]string {
	return map[string]string{"nextBeginOffset": strconv.Itoa(next), "minOffset": "0", "maxOffset": strconv.Itoa(top), "suggestWhichBrokerId": "0"}
}

// message is one as a broker stores it.
func (s *store) message(topic string, offset int, m stored, c net.Conn) []byte {
	born := c.RemoteAddr().(*net.TCPAddr)
	b := binary.BigEndian.AppendUint32(make([]byte, 4), 0xdaa320a7)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // checksum, queue, flag
	b = binary.BigEndian.AppendUint64(b, uint64(offset))
	b = binary.BigEndian.AppendUint64(b, uint64(1000*offset))
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, 1700000000000)
	b = append(b, born.IP.To4()...)
	b = binary.BigEndian.AppendUint32(b, uint32(born.Port))
	b = binary.BigEndian.AppendUint64(b, 1700000000000)
	b = append(b, net.ParseIP(s.host).To4()...)
	b = binary.BigEndian.AppendUint32(b, 10911)
	b = append(b, make([]byte, 12)...) // repeats, transaction
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.body)))
	b = append(b, m.body...)
	b = append(append(b, byte(len(topic))), topic...)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(m.props))), m.props...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}
