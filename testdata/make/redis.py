"""Talks to a Redis server: redis.py ADDRESS PART. Every part is what a golden
case of l7/redis shows."""
import socket
import sys
import time

address, part = sys.argv[1:]


def connect():
    s = socket.create_connection((address, 6379), timeout=2)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def array(*args):
    args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
    return b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args)


def say(s, *commands, wait=0.05):
    s.sendall(b"".join(c if isinstance(c, bytes) else array(*c) for c in commands))
    time.sleep(wait)
    try:
        s.settimeout(0.2)
        while s.recv(65536):
            s.settimeout(0.02)
    except TimeoutError:
        pass


s = connect()
if part == "plain":
    say(s, ("PING",))
    say(s, ("SELECT", 3))
    say(s, ("SET", "user:1001", "a secret value", "EX", 60))
    say(s, ("GET", "user:1001"))
    say(s, ("MSET", "k1", "v1", "k2", "v2"), ("MGET", "k1", "k2", "k3"), ("DEL", "k1", "k2"))
    say(s, ("MULTI",), ("INCR", "n"), ("HSET", "h", "f", "v"), ("EXEC",))
    say(s, ("SET", "big", b"x" * 20000))
    say(s, ("GET", "big"))
    say(s, ("EVAL", "return redis.call('GET', KEYS[1])", 1, "n"))
    say(s, ("CONFIG", "GET", "maxmemory"))
    say(s, b"PING\r\nSET inline 'a b'\r\nGET inline\r\n")
elif part == "errors":
    say(s, ("AUTH", "nobody", "a password"))
    say(s, ("SET", "text", "v"))
    say(s, ("LPUSH", "text", "v"))
    say(s, ("NOSUCH", "argument"))
    say(s, ("GET",))
    say(s, ("EVALSHA", "f" * 40, 0))
    say(s, ("MULTI",), ("GET",), ("EXEC",))
    say(s, b"SET a \"unbalanced\r\n")
elif part == "pubsub":
    t = connect()
    say(s, ("SUBSCRIBE", "news", "weather", "sport"))
    say(s, ("PSUBSCRIBE", "n*"))
    say(t, ("PUBLISH", "news", "a message"), ("PUBLISH", "weather", "rain"))
    say(s, ("PING",))
    say(s, ("PUNSUBSCRIBE",))
    say(s, ("UNSUBSCRIBE",))
    say(s, ("GET", "k"))
    say(t, ("MONITOR",))
    say(s, ("SET", "seen", "by the monitor"))
    t.close()
elif part == "reply":
    say(s, b"PING\r\nCLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\n")
    say(s, ("SET", "k", "v"), ("CLIENT", "REPLY", "SKIP"), ("SET", "k", "w"), ("GET", "k"))
    say(s, ("CLIENT", "REPLY", "OFF"), ("INCR", "n"), ("CLIENT", "REPLY", "SKIP"), ("CLIENT", "REPLY", "ON"), ("GET", "k"))
elif part == "resp3":
    say(s, ("HELLO", 3))
    say(s, ("HSET", "hash", "field", "value"), ("HGETALL", "hash"))
    say(s, ("CLIENT", "TRACKING", "ON"))
    say(s, ("GET", "hash2"), ("SADD", "set", "a", "b"), ("SMEMBERS", "set"))
    t = connect()
    say(t, ("SET", "hash2", "changed"))
    say(s, ("SUBSCRIBE", "news"), ("GET", "hash2"))
    say(t, ("PUBLISH", "news", "a message"))
    say(s, ("ZADD", "z", "1.5", "m"), ("ZSCORE", "z", "m"), ("GET", "missing"), ("DEBUG", "PROTOCOL", "bignum"))
elif part == "queues":
    t = connect()
    say(s, ("DEL", "q", "stream"))
    s.sendall(array("BLPOP", "q", 0))
    say(t, ("LPUSH", "q", "work"))
    say(s)
    say(t, ("RPUSH", "q", "one", "two"), ("LPOP", "q"))
    say(t, ("XADD", "stream", "*", "field", "value"), ("XADD", "stream", "*", "field", "more"))
    say(s, ("XREAD", "COUNT", 10, "STREAMS", "stream", "0"))
    say(t, ("XGROUP", "CREATE", "stream", "g", "0"), ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "stream", ">"))
elif part == "writes":
    say(s, ("SET", "replicated", "value"), ("INCR", "n"))
s.close()
