"""Talks to nats-server: nats.py ADDRESS PART. Every part is what a golden case
of l7/nats shows."""
import json
import socket
import sys
import time

address, part = sys.argv[1:]


def connect(port=4222, **more):
    s = socket.create_connection((address, port), timeout=2)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.recv(65536)
    o = {"verbose": False, "pedantic": False, "lang": "python", "version": "1", "name": part, "headers": True, "no_responders": True} | more
    say(s, f"CONNECT {json.dumps(o, separators=(',', ':'))}\r\nPING\r\n")
    return s


def say(s, text, wait=0.1):
    s.sendall(text if isinstance(text, bytes) else text.encode())
    time.sleep(wait)
    s.setblocking(False)
    try:
        return s.recv(1 << 20)
    except BlockingIOError:
        return b""
    finally:
        s.setblocking(True)


def pub(subject, body, reply="", headers=""):
    if not headers:
        return f"PUB {subject} {reply} {len(body)}\r\n{body}\r\n".replace("  ", " ")
    h = f"NATS/1.0\r\n{headers}\r\n\r\n"
    return f"HPUB {subject} {reply} {len(h)} {len(h) + len(body)}\r\n{h}{body}\r\n".replace("  ", " ")


trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
if part == "core":
    a, b = connect(), connect()
    say(a, "SUB orders.> billing 1\r\nSUB add 2\r\n")
    say(b, "SUB _INBOX.b.* 1\r\n")
    say(b, pub("orders.new", '{"id":1}', headers=trace) + pub("orders.paid", "x" * 3000) + pub("nobody", ""))
    say(b, pub("add", "1+1", "_INBOX.b.1"))
    say(a, pub("_INBOX.b.1", "2"))
    say(b, pub("missing", "1+1", "_INBOX.b.2"))
    say(a, "UNSUB 1 5\r\nUNSUB 2\r\nPING\r\n")
elif part == "verbose":
    a = connect(verbose=True)
    say(a, "SUB news 1\r\n" + pub("news", "one") + pub("news", "two", headers=trace) + "PING\r\n")
    say(a, pub("bad..subject", "x"))
    say(a, "UNSUB 1\r\n")
    say(a, "NONSENSE\r\n", 0.3)
elif part == "jetstream":
    a = connect()
    say(a, "SUB _INBOX.j.* 1\r\n")
    say(a, pub("$JS.API.STREAM.CREATE.ORDERS", json.dumps({"name": "ORDERS", "subjects": ["js.orders.*"]}), "_INBOX.j.1"), 0.5)
    say(a, pub("js.orders.new", "first", "_INBOX.j.2", trace + "\r\nNats-Msg-Id: n-1"), 0.3)
    say(a, pub("js.orders.new", "second", "_INBOX.j.3"), 0.3)
    say(a, pub("$JS.API.STREAM.INFO.MISSING", "", "_INBOX.j.4"), 0.3)
    say(a, pub("$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.work", json.dumps({"stream_name": "ORDERS", "config": {"durable_name": "work", "ack_policy": "explicit"}}), "_INBOX.j.5"), 0.3)
    say(a, "SUB _INBOX.pull 2\r\n")
    got = say(a, pub("$JS.API.CONSUMER.MSG.NEXT.ORDERS.work", '{"batch":2,"expires":500000000}', "_INBOX.pull"), 0.5)
    for word in got.split():
        if word.startswith(b"$JS.ACK"):
            say(a, pub(word.decode(), "+ACK"))
    say(a, pub("$JS.API.CONSUMER.MSG.NEXT.ORDERS.work", '{"batch":1,"no_wait":true}', "_INBOX.pull"), 0.4)
elif part == "refused":
    a = connect(4223)
    a = connect(4223, user="u", **{"pass": "wrong"})
