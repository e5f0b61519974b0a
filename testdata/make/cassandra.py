#!/usr/bin/env python3
# Writes the sessions of l7/cassandra/testdata: frames as the specifications of
# the native protocol say: what the server of cassandra.sh does not speak.
import os, struct

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../l7/cassandra/testdata')
H = struct.pack
st = lambda s: H('>H', len(s)) + s.encode()
sb = lambda b: H('>H', len(b)) + b
lo = lambda s: H('>i', len(s)) + s.encode()
by = lambda b: H('>i', len(b)) + b
smap = lambda d: H('>H', len(d)) + b''.join(st(k) + st(v) for k, v in d.items())
EV = -1


def frame(v, stream, op, body=b'', flags=0, answer=False): return H('>BBhBI', v | (128 if answer else 0), flags, stream, op, len(body)) + body


def lz4(b):
    n, out = len(b), b''
    if n < 15: return bytes([n << 4]) + b
    n -= 15
    while n >= 255: out, n = out + b'\xff', n - 255
    return b'\xf0' + out + bytes([n]) + b


def snappy(b):
    n, v = len(b), b''
    while n > 127: v, n = v + bytes([n & 127 | 128]), n >> 7
    v += bytes([n])
    for i in range(0, len(b), 60): v += bytes([len(b[i:i + 60]) - 1 << 2]) + b[i:i + 60]
    return v


def crc24(b):
    c = 0x875060
    for x in b:
        c ^= x << 16
        for _ in range(8):
            c <<= 1
            if c & 0x1000000: c ^= 0x1974f0b
    return H('<I', c & 0xffffff)[:3]


def crc32(b):
    import zlib
    return H('<I', zlib.crc32(b, zlib.crc32(b'\xfa\x2d\x55\xca')))


def seg(b, whole=True):
    h = H('<I', len(b) | (1 << 17 if whole else 0))[:3]
    return h + crc24(h) + b + crc32(b)


def zseg(b, whole=True, plain=False):
    c = b if plain else lz4(b)
    h = H('<Q', len(c) | (0 if plain else len(b)) << 17 | (1 << 34 if whole else 0))[:5]
    return h + crc24(h) + c + crc32(c)


def write(name, remark, turns):
    with open(os.path.join(OUT, name + '.txt'), 'w') as f:
        f.write('# ' + remark + '\n')
        for t in turns:
            if isinstance(t, str): f.write(t + '\n'); continue
            text = ''.join(chr(c) if 32 <= c < 127 and c not in (34, 92) else '\\x%02x' % c for c in t[1])
            f.write('%s "%s"\n' % (t[0], text))


C, S = (lambda *b: ('>', b''.join(b))), (lambda *b: ('<', b''.join(b)))
ID = bytes(range(16))
Q = lambda v, s, text, tail=b'\x00\x06\x00', flags=0, pre=b'': frame(v, s, 7, pre + lo(text) + tail, flags)
A = lambda v, s, op, body=b'', flags=0: frame(v, s, op, body, flags, True)
rows = lambda n: H('>iii', 2, 1, 2) + st('shop') + st('orders') + st('id') + H('>H', 12) + st('tags') + H('>HHH', 0x21, 13, 9) + H('>i', n)
VOID = H('>i', 1)

write('v4', 'Start, statements prepared and not, answers out of order, batch, error, event, trace, payload, one unanswered.', [
    C(frame(4, 0, 5)), S(A(4, 0, 6, H('>H', 1) + st('COMPRESSION') + H('>H', 2) + st('lz4') + st('snappy'))),
    C(frame(4, 1, 1, smap({'CQL_VERSION': '3.0.0'}))), S(A(4, 1, 3, st('org.apache.cassandra.auth.PasswordAuthenticator'))),
    C(frame(4, 2, 15, by(b'\0cassandra\0secret'))), S(A(4, 2, 16, by(b''))),
    C(frame(4, 3, 11, H('>H', 1) + st('STATUS_CHANGE'))), S(A(4, 3, 2)),
    C(Q(4, 4, 'USE shop')), S(A(4, 4, 8, H('>i', 3) + st('shop'))),
    C(frame(4, 5, 9, lo("INSERT INTO orders (id, card) VALUES (?, 'secret') /* x-request-id=7f3a9c0e5d214b77 */"))),
    C(Q(4, 6, "SELECT * FROM shop.orders WHERE name = 'alice' AND id = 5f0c2a52-3d56-4c1e-9d6f-0d6a0a6a3a11", b'\x00\x01\x05' + H('>H', 1) + by(b'bound') + H('>i', 5000))),
    S(A(4, 6, 8, rows(3))), S(A(4, 5, 8, H('>i', 4) + sb(ID) + H('>iiiiii', 0, 0, 0, 4, 0, 0))),
    C(frame(4, 7, 10, sb(ID) + b'\x00\x04\x01' + H('>H', 2) + by(b'k') + by(b'v'))), S(A(4, 7, 8, VOID)),
    C(frame(4, 8, 13, b'\0' + H('>H', 3) + b'\0' + lo("INSERT INTO log (a) VALUES ('x')") + H('>H', 0) + b'\x01' + sb(ID) + H('>H', 2) + by(b'k') + by(b'v') + b'\0' + lo("DELETE FROM log WHERE a = 'y'") + H('>H', 0) + b'\x00\x06\x00')),
    S(A(4, 8, 8, b'\0' * 15 + b'\x07' + H('>H', 1) + st('Batch too large') + VOID, 0x0a)),
    C(Q(4, 9, 'DROP KEYSPACE nosuch')), S(A(4, 9, 0, H('>i', 0x2300) + st("Cannot drop non existing keyspace 'nosuch'."))),
    S(A(4, EV, 12, st('STATUS_CHANGE') + st('UP') + b'\x04\xc0\x00\x02\x01' + H('>i', 9042))),
    C(Q(4, 10, 'SELECT a FROM b', flags=4, pre=H('>H', 1) + st('traceparent') + by(b'00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'))),
    C(frame(4, 11, 10, sb(b'unknown id') + b'\x00\x04\x00')), S(A(4, 11, 0, H('>i', 0x2500) + st('Prepared query not found') + sb(b'unknown id'))),
])
z = lambda f, how: f[:1] + bytes([f[1] | 1]) + f[2:5] + H('>I', len(c := (snappy(f[9:]) if how == 'snappy' else H('>I', len(f) - 9) + lz4(f[9:])))) + c
for how in ('lz4', 'snappy'):
    write('v4-' + how, 'Bodies compressed with ' + how + '.', [
        C(frame(4, 0, 1, smap({'COMPRESSION': how, 'CQL_VERSION': '3.0.0'}))), S(A(4, 0, 2)),
        C(z(Q(4, 1, "UPDATE orders SET card = 'secret' WHERE id = 5"), how)), S(z(A(4, 1, 8, VOID), how)),
        C(z(Q(4, 2, "SELECT * FROM shop.orders"), how)), S(z(A(4, 2, 8, rows(7) + b'secret' * 40), how)),
    ])
P5 = b'\x00\x06' + H('>i', 0x80) + st('shop')
big = A(5, 3, 8, rows(9) + b'secret' * 60)
write('v5', 'Version 5: segments, several frames in one, a frame in several, a keyspace per query.', [
    C(frame(5, 0, 1, smap({'CQL_VERSION': '3.0.0'}))), S(A(5, 0, 2)),
    C(seg(Q(5, 1, 'SELECT a FROM orders', P5) + Q(5, 2, "DELETE FROM orders WHERE id = 'secret'", P5))),
    S(seg(A(5, 2, 8, VOID) + A(5, 1, 8, rows(2)))),
    C(seg(Q(5, 3, 'SELECT * FROM orders', P5))), S(seg(big[:200], False)), S(seg(big[200:], False)),
    C(seg(frame(5, 4, 9, lo('SELECT b FROM c WHERE d = ?') + H('>i', 1) + st('ks')))), S(seg(A(5, 4, 8, H('>i', 4) + sb(ID) + sb(b'm' * 16)))),
    C(seg(frame(5, 5, 10, sb(ID) + sb(b'm' * 16) + b'\x00\x06' + H('>i', 0)))), S(seg(A(5, 5, 0, H('>i', 0x1200) + st('timeout')))),
])
write('v5-lz4', 'The same in compressed segments.', [
    C(frame(5, 0, 1, smap({'COMPRESSION': 'LZ4', 'CQL_VERSION': '3.0.0'}))), S(A(5, 0, 2)),
    C(zseg(Q(5, 1, 'SELECT a FROM orders', P5) + Q(5, 2, "DELETE FROM orders WHERE id = 'secret'", P5))),
    S(zseg(A(5, 2, 8, VOID), plain=True)), S(zseg(A(5, 1, 8, rows(2)))),
    C(zseg(Q(5, 3, 'SELECT * FROM orders', P5))), S(zseg(big[:200], False)), S(zseg(big[200:], False)),
    C(zseg(Q(5, 4, 'SELECT now() FROM t', P5))), S(zseg(A(5, 4, 8, rows(1)))),
])
write('midstream', 'Joined later, in version 3; a part of a result is lost.', [
    'midstream', C(Q(3, 20, 'SELECT a FROM shop.b')), S(A(3, 20, 8, rows(4) + b'x' * 100)[:90]), 'lost < %d' % (len(A(3, 20, 8, rows(4) + b'x' * 100)) - 90),
    C(Q(3, 21, 'SELECT c FROM shop.d')), S(A(3, 21, 8, VOID)),
])
