"""Ends of conversations that ordinary programs do not hold on request.

    talk.py raw HOST PORT FILE         send a file in one write, print the answer
    talk.py dns SERVER NAME TYPE [tcp] [edns=SIZE] [id=N] [again]   twice with again; over TCP with another id
    talk.py mdns-answer ADDRESS NAME   answer multicast questions for NAME, once
    talk.py mdns-ask ADDRESS NAME
    talk.py ws-serve ADDRESS PORT      a WebSocket echo
    talk.py ws-ask ADDRESS PORT PATH   say three things to it
"""
import base64, hashlib, os, socket, struct, sys, time

GROUP = ("224.0.0.251", 5353)
TYPES = {"A": 1, "NS": 2, "SOA": 6, "TXT": 16, "AAAA": 28}


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def connect(host, port):
    s = socket.create_connection((host, port), timeout=5)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def raw(host, port, path):
    s = connect(host, int(port))
    s.sendall(open(path, "rb").read())
    s.settimeout(0.5)
    try:
        while b := s.recv(65536):
            sys.stdout.buffer.write(b)
    except TimeoutError:
        pass
    s.close()


def labels(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.strip(".").split(".") if x) + b"\0"


def question(name, qtype, ident, edns=0, flags=0x0100):
    q = struct.pack("!6H", ident, flags, 1, 0, 0, 1 if edns else 0) + labels(name) + struct.pack("!2H", TYPES[qtype], 1)
    return q + (b"\0" + struct.pack("!2HIH", 41, edns, 0, 0) if edns else b"")


def dns(server, name, qtype, *options):
    o = dict((x.split("=") + ["1"])[:2] for x in options)
    ident = int(o.get("id", os.getpid() & 0xFFFF))
    q = question(name, qtype, ident, int(o.get("edns", 0)))
    if "tcp" in o:
        s = connect(server, 53)
        more = question(name, qtype, ident + 1) if "again" in o else b""
        s.sendall(struct.pack("!H", len(q)) + q + (struct.pack("!H", len(more)) + more if more else b""))
        time.sleep(0.3)
    else:
        s = socket.socket(family(server), socket.SOCK_DGRAM)
        s.settimeout(3)
        for _ in range(2 if "again" in o else 1):
            s.sendto(q, (server, 53))
    print(len(s.recv(65536)), "bytes")


def group(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", 5353))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP[0]) + socket.inet_aton(address))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    s.settimeout(5)
    return s


def mdns_answer(address, name):
    s = group(address)
    while True:
        b, _ = s.recvfrom(9000)
        if labels(name) in b and not b[2] & 0x80:
            break
    head = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0)
    s.sendto(head + labels(name) + struct.pack("!2HIH", 1, 0x8001, 120, 4) + socket.inet_aton(address), GROUP)


def mdns_ask(address, name):
    s = group(address)
    s.sendto(question(name, "A", 0, flags=0), GROUP)
    s.recvfrom(9000)


def frame(payload, opcode=1, mask=b""):
    b = bytes([0x80 | opcode, (0x80 if mask else 0) | len(payload)]) + mask
    return b + (bytes(c ^ mask[i % 4] for i, c in enumerate(payload)) if mask else payload)


def ws_serve(address, port):
    srv = socket.create_server((address, int(port)), family=family(address))
    while True:
        c, _ = srv.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += c.recv(4096)
        key = [l.split(b":")[1].strip() for l in head.split(b"\r\n") if l.lower().startswith(b"sec-websocket-key")][0]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while b := c.recv(4096):
            n = b[1] & 0x7F
            text = bytes(x ^ b[2 + i % 4] for i, x in enumerate(b[6:6 + n]))
            c.sendall(frame(text, b[0] & 15))
            if b[0] & 15 == 8:
                break
        c.close()


def ws_ask(address, port, path):
    s = connect(address, int(port))
    key = base64.b64encode(b"a sixteen-byte k")
    s.sendall(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
    s.recv(4096)
    for text in (b"GET /not-a-request HTTP/1.1\r\n\r\n", b"hello", b"bye"):
        s.sendall(frame(text, mask=b"mask"))
        s.recv(4096)
    s.sendall(frame(struct.pack("!H", 1000), 8, b"mask"))
    s.recv(4096)


{"raw": raw, "dns": dns, "mdns-answer": mdns_answer, "mdns-ask": mdns_ask, "ws-serve": ws_serve, "ws-ask": ws_ask}[sys.argv[1]](*sys.argv[2:])
