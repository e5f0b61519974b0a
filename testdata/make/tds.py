#!/usr/bin/env python3
"""Answers TDS clients as far as tds.sh asks: there is no SQL Server on Debian.

The clients are real (FreeTDS, Microsoft's Go driver) and refuse what is not
right; the tokens are written as [MS-TDS] 2.2.7 has them.
"""
import socket, struct, sys, threading

U = lambda s: s.encode("utf-16-le")
BV = lambda s: struct.pack("<B", len(s)) + U(s)
USV = lambda s: struct.pack("<H", len(s)) + U(s)
COLL = b"\x09\x04\xd0\x00\x34"


def token(t, body):
    return struct.pack("<BH", t, len(body)) + body


def env(kind, new, old=""):
    return token(0xE3, struct.pack("<B", kind) + BV(new) + BV(old))


class Conn:
    def __init__(self, s):
        self.s, self.wide, self.handle, self.old = s, True, 0, False

    def take(self, n):
        b = b""
        while len(b) < n:
            c = self.s.recv(n - len(b))
            if not c:
                raise EOFError
            b += c
        return b

    def message(self):
        b, kind = b"", None
        while True:
            h = self.take(8)
            kind = h[0]
            b += self.take(struct.unpack(">H", h[2:4])[0] - 8)
            if h[1] & 1:
                return kind, b

    def send(self, b, size=4096):
        n = 1
        while True:
            part, b = b[: size - 8], b[size - 8 :]
            self.s.sendall(struct.pack(">BBHHBB", 4, 0 if b else 1, len(part) + 8, 51, n & 255, 0) + part)
            n += 1
            if not b:
                return

    def done(self, cmd, count=None, flags=0, t=0xFD):
        if count is not None:
            flags |= 0x10
        return struct.pack("<BHH", t, flags, cmd) + struct.pack("<Q" if self.wide else "<I", count or 0)

    def error(self, number, text, cls=16, state=1):
        return token(0xAA, struct.pack("<IBB", number, state, cls) + USV(text) + BV("SRV") + BV("") + struct.pack("<I" if self.wide else "<H", 1))

    def columns(self):
        ut = struct.pack("<I" if self.wide else "<H", 0)
        c = b"\x81" + struct.pack("<H", 4)
        c += ut + b"\x09\x00\x26\x04" + BV("id")
        c += ut + b"\x09\x00\xe7" + struct.pack("<H", 100) + COLL + BV("name")
        if self.wide:
            c += ut + b"\x09\x00\xe7\xff\xff" + COLL + BV("notes")
        else:
            c += ut + b"\x09\x00\x63" + struct.pack("<I", 1 << 30) + COLL + USV("items") + BV("notes")
        c += ut + b"\x08\x00\x38" + BV("n")
        return c

    def row(self, i):
        if self.wide and i % 3 == 2:
            return b"\xd2" + bytes([0b0110]) + struct.pack("<BI", 4, i) + struct.pack("<I", i)
        v = U("value %d" % i)
        notes = U("note " * 20)
        r = b"\xd1" + struct.pack("<BI", 4, i) + struct.pack("<H", len(v)) + v
        if self.wide:
            r += struct.pack("<Q", len(notes)) + struct.pack("<I", 40) + notes[:40] + struct.pack("<I", len(notes) - 40) + notes[40:] + struct.pack("<I", 0)
        else:
            r += b"\x10" + bytes(16) + bytes(8) + struct.pack("<I", len(notes)) + notes
        return r + struct.pack("<I", i)

    def result(self, sql, t=0xFD):
        """The answer to a statement, and whether it waits to be cancelled."""
        up = sql.upper()
        end = lambda *a, **k: self.done(*a, t=t, **k)
        if "WAITFOR" in up:
            return None
        if "NOWHERE" in up:
            return self.error(208, "Invalid object name 'nowhere'.") + end(0xFD, flags=2)
        if "SEVERE" in up:
            return self.error(823, "I/O error.", cls=24, state=2) + end(0xFD, flags=2)
        if up.lstrip().startswith("USE "):
            db = sql.split()[1].strip(";\n")
            return env(1, db, "store") + end(0xE2)
        if "INSERT BULK" in up:
            return end(0xF0)
        if "INSERT" in up:
            return end(0xC3, 1)
        if "UPDATE" in up:
            return end(0xC5, 3)
        if "DELETE" in up:
            return end(0xC4, 2)
        if "SELECT" in up:
            n = 60 if "FROM BIG" in up else 3
            return self.columns() + b"".join(self.row(i) for i in range(n)) + end(0xC1, n)
        return end(0xFD)

    def login(self, b):
        v = struct.unpack("<I", b[4:8])[0]
        self.wide = v >= 0x72000000
        off, n = struct.unpack("<HH", b[68:72])
        db = b[off : off + 2 * n].decode("utf-16-le") or "master"
        if db == "nowhere":
            return self.error(18456, "Login failed for user.", cls=14) + self.done(0, flags=2)
        r = env(1, db, "master") + token(0xAB, struct.pack("<IBB", 5701, 2, 0) + USV("Changed database context.") + BV("SRV") + BV("") + struct.pack("<I" if self.wide else "<H", 1))
        r += token(0xAD, b"\x01" + struct.pack(">I", v) + BV("Microsoft SQL Server") + b"\x0f\x00\x07\xd0")
        return r + env(4, "4096", "4096") + self.done(0)

    def body(self, b):
        return b[struct.unpack("<I", b[:4])[0] :] if self.wide else b

    def rpc(self, b):
        b = self.body(b)
        n = struct.unpack("<H", b[:2])[0]
        text = b.decode("utf-16-le", "replace") + b[1:].decode("utf-16-le", "replace")
        proc = struct.unpack("<H", b[2:4])[0] if n == 0xFFFF else 0
        tail = b"\x79" + struct.pack("<i", 0) + self.done(0xE0, t=0xFE)
        ret = b""
        if proc in (11, 13):
            self.handle += 1
            ret = b"\xac" + struct.pack("<H", 0) + BV("@handle" if proc == 11 else "") + b"\x01" + struct.pack("<I" if self.wide else "<H", 0) + b"\x00\x00\x26\x04" + struct.pack("<BI", 4, self.handle)
        if proc in (11, 15):
            return ret + tail
        if proc == 12:
            text = "UPDATE"
        r = self.result(text, t=0xFF)
        return None if r is None else r + ret + tail

    def serve(self):
        while True:
            kind, b = self.message()
            r = b""
            if kind == 0x12:
                opts = struct.pack(">BHH", 0, 16, 6) + struct.pack(">BHH", 1, 22, 1) + struct.pack(">BHH", 4, 23, 1) + b"\xff"
                r = opts + b"\x0f\x00\x07\xd0\x00\x00" + b"\x02" + b"\x00"
            elif kind == 0x10:
                r = self.login(b)
            elif kind == 1:
                r = self.result(self.body(b).decode("utf-16-le", "replace"))
            elif kind == 3:
                r = self.rpc(b)
            elif kind == 0x0E:
                what = struct.unpack("<H", self.body(b)[:2])[0]
                r = {5: token(0xE3, b"\x08\x08" + b"\x01" * 8 + b"\x00"), 7: token(0xE3, b"\x09\x00\x08" + b"\x01" * 8), 8: token(0xE3, b"\x0a\x00\x08" + b"\x01" * 8)}.get(what, b"")
                r += self.done(0)
            elif kind == 7:
                r = self.done(0xF0, 500)
            elif kind == 6:
                r = self.done(0, flags=0x20)
            if r is not None:
                self.send(r)


def run(c):
    try:
        Conn(c).serve()
    except (EOFError, OSError):
        pass
    c.close()


host, port = sys.argv[1].split(":")
l = socket.create_server((host, int(port)))
while True:
    threading.Thread(target=run, args=(l.accept()[0],), daemon=True).start()
