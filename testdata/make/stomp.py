"""Talks to a STOMP broker: stomp.py ADDRESS."""
import socket
import sys
import time


def connect(version="1.2", passcode="guest", beat="0,0"):
    s = socket.create_connection((sys.argv[1], 61613), timeout=2)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    send(s, "STOMP" if version != "1.0" else "CONNECT", {"accept-version": version, "host": "/", "login": "guest", "passcode": passcode, "heart-beat": beat})
    return s


def send(s, command, headers={}, body=b"", wait=0.1, length=True):
    h = dict(headers)
    if body and length:
        h["content-length"] = str(len(body))
    s.sendall(b"\n".join([command.encode()] + [f"{k}:{v}".encode() for k, v in h.items()]) + b"\n\n" + body + b"\0")
    time.sleep(wait)


trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
s, t = connect(), connect("1.1")
send(s, "SUBSCRIBE", {"id": "0", "destination": "/queue/work", "ack": "client-individual", "receipt": "r-sub"})
send(t, "SEND", {"destination": "/queue/work", "traceparent": trace, "correlation-id": "c-1", "reply-to": "/queue/answers", "receipt": "r-1", "content-type": "text/plain"}, b"first\0with a zero")
send(t, "SEND", {"destination": "/queue/work"}, b"second", wait=0)
send(t, "SEND", {"destination": "/queue/work", "receipt": "r-2"}, b"third", wait=0, length=False)
send(t, "SEND", {"destination": "/topic/nobody", "receipt": "r-3"}, b"x" * 20000)
s.settimeout(0.3)
data = b""
try:
    while True:
        data += s.recv(65536)
except TimeoutError:
    pass
acks = [l.split(b":", 1)[1].replace(b"\\c", b"\\c").decode() for l in data.split(b"\n") if l.startswith(b"ack:")]
for i, a in enumerate(acks):
    send(s, "ACK" if i != 1 else "NACK", {"id": a, "receipt": f"r-ack{i}"}, wait=0.05)
send(t, "BEGIN", {"transaction": "tx1"})
send(t, "SEND", {"destination": "/queue/work", "transaction": "tx1"}, b"within")
send(t, "COMMIT", {"transaction": "tx1", "receipt": "r-commit"})
s.sendall(b"\n\n")
send(s, "UNSUBSCRIBE", {"id": "0"})
send(s, "DISCONNECT", {"receipt": "r-bye"})
send(t, "SEND", {"destination": "/nonsense/x", "receipt": "r-bad"}, b"x")
time.sleep(0.2)
u = connect("1.0", passcode="wrong")
time.sleep(0.3)
