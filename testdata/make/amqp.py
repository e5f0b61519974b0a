"""Talks to RabbitMQ: amqp.py ADDRESS PART. Every part is what a golden case of
l7/amqp shows."""
import sys
import time

import pika

address, part = sys.argv[1:]


def connect(**more):
    return pika.BlockingConnection(pika.ConnectionParameters(address, heartbeat=0, **more))


def quietly(f, *args, **named):
    try:
        f(*args, **named)
    except Exception as e:
        print(type(e).__name__)


trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
c = connect()
a, b = c.channel(), c.channel()
if part == "session":
    a.exchange_declare("orders", "topic", durable=True)
    a.queue_declare("billing", arguments={"x-max-length": 100})
    a.queue_bind("billing", "orders", "order.*")
    got = []
    b.basic_qos(prefetch_count=10)
    tag = b.basic_consume("billing", lambda ch, m, p, body: got.append(m.delivery_tag))
    a.basic_publish("orders", "order.new", b'{"id":1}', pika.BasicProperties(
        content_type="application/json", message_id="m-1", delivery_mode=2,
        headers={"traceparent": trace, "x-request-id": "7f3a9c0e5d7b4836a1b2c3d4e5f60718", "n": 7, "t": {"a": [1, "x"]}}))
    a.basic_publish("orders", "order.paid", b"second")
    a.basic_publish("", "billing", b"")
    c.process_data_events(0.3)
    b.basic_ack(got[0])
    b.basic_nack(got[1], requeue=True)
    c.process_data_events(0.3)
    b.basic_reject(got[2], requeue=False)
    b.basic_ack(got[-1], multiple=True)
    b.basic_cancel(tag)
    a.queue_unbind("billing", "orders", "order.*")
    a.queue_purge("billing")
    a.queue_delete("billing")
    a.exchange_delete("orders")
elif part == "confirms":
    a.queue_declare("sure")
    a.confirm_delivery()
    for i in range(3):
        a.basic_publish("", "sure", b"confirmed %d" % i)
    quietly(a.basic_publish, "", "nowhere", b"lost", mandatory=True)
    b.tx_select()
    b.basic_publish("", "sure", b"in a transaction")
    b.tx_commit()
    b.basic_publish("", "sure", b"never")
    b.tx_rollback()
    a.queue_delete("sure")
elif part == "calls":
    a.queue_declare("rpc")
    reply = a.queue_declare("", exclusive=True).method.queue
    a.basic_publish("", "rpc", b"1+1", pika.BasicProperties(reply_to=reply, correlation_id="c-1", headers={"traceparent": trace}))
    time.sleep(0.1)
    m, p, body = b.basic_get("rpc")
    b.basic_publish("", p.reply_to, b"2", pika.BasicProperties(correlation_id=p.correlation_id))
    b.basic_ack(m.delivery_tag)
    b.basic_get("rpc")
    time.sleep(0.1)
    a.basic_get(reply, auto_ack=True)
    a.basic_recover(requeue=True)
    b.queue_delete("rpc")
elif part == "errors":
    quietly(a.queue_declare, "missing", passive=True)
    quietly(b.exchange_declare, "amq.fanout", "direct")
    quietly(connect, credentials=pika.PlainCredentials("guest", "a wrong password"))
    quietly(connect, virtual_host="nowhere")
    d = connect()
    ch = d.channel()
    ch.queue_declare("mine", exclusive=True)
    e = c.channel()
    quietly(e.queue_declare, "mine")
    quietly(ch.basic_publish, "no such exchange", "", b"x")
    quietly(d.process_data_events, 0.2)
    quietly(d.close)
elif part == "bodies":
    d = connect(frame_max=4096)
    ch = d.channel()
    ch.queue_declare("large")
    ch.basic_publish("", "large", b"x" * 9000)
    time.sleep(0.1)
    ch.basic_get("large", auto_ack=True)
    ch.basic_publish("", "large", b"y" * 3000)
    ch.basic_get("large", auto_ack=True)
    ch.queue_delete("large")
    d.close()
quietly(c.close)
