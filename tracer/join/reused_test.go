package join

import "testing"

// A client that gives an id again has had the first answer, which the capture
// has not: the first request is unanswered, and the answer is the second's.
func TestReusedID(t *testing.T) {
	query := func(id byte, name string) string { // MongoDB: OP_MSG, request id
		doc := "\x02" + name + "\x00\x02\x00\x00\x00c\x00\x02$db\x00\x02\x00\x00\x00d\x00"
		return message(id, 0, doc)
	}
	reply := func(id, to byte) string { return message(id, to, "\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0?") }
	r := newRig(t, nil).connect()
	r.at(10).ask(query(5, "find"))
	r.at(20).lose(1, reply(1, 5))
	r.at(30).ask(query(5, "count"))
	r.at(40).answer(reply(2, 5))
	r.at(50).ask(query(6, "find")).ask(query(7, "count"))
	r.at(60).answer(reply(3, 7) + reply(4, 6))
	r.want("find c none 10-10 error=capture_ended", "count c answered 30-40", "count c answered 50-60", "find c answered 50-60")
}

// message is an OP_MSG with one document.
func message(id, to byte, fields string) string {
	doc := string([]byte{byte(len(fields) + 5), 0, 0, 0}) + fields + "\x00"
	head := []byte{byte(len(doc) + 21), 0, 0, 0, id, 0, 0, 0, to, 0, 0, 0, 0xdd, 7, 0, 0, 0, 0, 0, 0, 0}
	return string(head) + doc
}
