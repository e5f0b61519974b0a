"""Talks to an MQTT 5 broker: mqtt.py ADDRESS. Topic aliases in both directions,
pings, messages sent again, and a packet that the broker refuses."""
import socket
import sys
import time


def text(s):
    return len(s).to_bytes(2, "big") + s.encode()


def packet(first, body):
    n, size = len(body), b""
    while True:
        n, low = n >> 7, n & 127
        size += bytes([low | (128 if n else 0)])
        if not n:
            return bytes([first]) + size + body


def properties(b):
    return bytes([len(b)]) + b


def connect(name):
    s = socket.create_connection((sys.argv[1], 1883), timeout=2)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Topic Alias Maximum: 10
    s.sendall(packet(0x10, text("MQTT") + b"\x05\x02\x00\x3c" + properties(b"\x22\x00\x0a") + text(name)))
    time.sleep(0.1)
    return s


reader = connect("reader")
reader.sendall(packet(0x82, b"\x00\x01" + properties(b"") + text("line/+") + b"\x01" + text("$SYS/forbidden/#") + b"\x00"))
time.sleep(0.1)
writer = connect("writer")
writer.sendall(packet(0x32, text("line/1") + b"\x00\x01" + properties(b"\x23\x00\x01") + b"first"))
time.sleep(0.1)
writer.sendall(packet(0x32, text("") + b"\x00\x02" + properties(b"\x23\x00\x01") + b"second")
               + packet(0x30, text("") + properties(b"\x23\x00\x01\x26" + text("x-request-id") + text("7f3a9c0e5d7b4836a1b2c3d4e5f60718")) + b"third")
               + packet(0xc0, b""))
time.sleep(0.1)
writer.sendall(packet(0x34, text("line/2") + b"\x00\x03" + properties(b"") + b"once"))
time.sleep(0.1)
writer.sendall(packet(0x3c, text("line/2") + b"\x00\x03" + properties(b"") + b"once") + packet(0x62, b"\x00\x03"))
time.sleep(0.1)
writer.sendall(packet(0x32, text("nobody/listens") + b"\x00\x04" + properties(b"") + b"x"))
time.sleep(0.1)
for id in (1, 2, 3):
    reader.sendall(packet(0x40, id.to_bytes(2, "big")))
reader.sendall(packet(0xa2, b"\x00\x09" + properties(b"") + text("line/+") + text("other")))
time.sleep(0.1)
reader.sendall(packet(0xe0, b"\x04\x00"))
time.sleep(0.1)
# A topic alias of 0 is a protocol error: the broker disconnects.
writer.sendall(packet(0x30, text("line/1") + properties(b"\x23\x00\x00") + b"x"))
time.sleep(0.2)
