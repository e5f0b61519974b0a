"""Talks to memcached: memcached.py ADDRESS PART. Every part is what a golden
case of l7/memcached shows."""
import socket
import struct
import sys
import time

address, part = sys.argv[1:]


def say(s, b, wait=0.05):
    s.sendall(b)
    time.sleep(wait)
    try:
        s.settimeout(0.2)
        while s.recv(65536):
            s.settimeout(0.02)
    except TimeoutError:
        pass


def packet(opcode, key=b"", value=b"", extras=b"", opaque=0):
    return struct.pack(">BBHBBHIIQ", 0x80, opcode, len(key), len(extras), 0, 0, len(key) + len(extras) + len(value), opaque, 0) + extras + key + value


def tcp():
    s = socket.create_connection((address, 11211), timeout=2)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


if part == "text/plain":
    s = tcp()
    say(s, b"set user:1 0 60 5\r\nhello\r\n")
    say(s, b"get user:1\r\n")
    say(s, b"set a 0 0 1 noreply\r\n1\r\nset b 0 0 4\r\n\r\nAB\r\ngets a missing b\r\n")
    say(s, b"incr a 2\r\ndecr missing 1\r\ntouch a 60\r\ngat 60 a b\r\n")
    say(s, b"add a 0 0 1\r\nx\r\nreplace missing 0 0 1\r\nx\r\nappend a 0 0 1\r\ny\r\ncas a 0 0 1 1\r\nz\r\n")
    say(s, b"set big 0 0 20000\r\n" + b"v" * 20000 + b"\r\n")
    say(s, b"get big a\r\n")
    say(s, b"delete a\r\ndelete a noreply\r\ndelete a\r\n")
    say(s, b"incr user:1 1\r\nnonsense here\r\n")
    say(s, b"version\r\nstats\r\nverbosity 1\r\nflush_all\r\n")
    s.sendall(b"quit\r\n")
elif part == "text/meta":
    s = tcp()
    say(s, b"ms key 5 T60\r\nhello\r\n")
    say(s, b"mg key t v k\r\n")
    say(s, b"mg key k q v\r\nmg missing k q v\r\nmn\r\n")
    say(s, b"ma count N0 J5 v\r\nma count v\r\nme key\r\nmd key q\r\nmd key\r\nmg key v\r\nmn\r\n")
elif part == "binary/plain":
    s = tcp()
    e = struct.pack(">II", 0, 60)
    say(s, packet(1, b"key", b"hello", e, 1))
    say(s, packet(0, b"key", opaque=2))
    say(s, packet(0x0d, b"missing", opaque=3) + packet(0x0d, b"key", opaque=4) + packet(9, b"none", opaque=5) + packet(0x0a, opaque=6))
    say(s, packet(0x11, b"quiet", b"v", e, 7) + packet(0x12, b"quiet", b"v", e, 8) + packet(0x0a, opaque=9))
    say(s, packet(5, b"n", b"", struct.pack(">QQI", 1, 10, 0), 10) + packet(5, b"key", b"", struct.pack(">QQI", 1, 10, 0), 11))
    say(s, packet(0, b"key") + packet(0, b"missing") + packet(0x0c, b"key"))
    say(s, packet(0x10, opaque=12))
    say(s, packet(0x0b, opaque=13) + packet(4, b"key", opaque=14) + packet(7, opaque=15))
else:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, 11211))
    frame = lambda n: struct.pack(">HHHH", n, 0, 1, 0)
    say(s, frame(1) + b"set user:1 0 60 5\r\nhello\r\n")
    say(s, frame(2) + b"get user:1\r\n")
    say(s, frame(3) + b"get missing\r\n")
    say(s, frame(4) + b"set big 0 60 1200\r\n" + b"v" * 1200 + b"\r\n")
    say(s, frame(5) + b"get big user:1\r\n")
    say(s, frame(6) + packet(0, b"user:1", opaque=7))
    say(s, frame(7) + b"stats\r\n")
s.close()
