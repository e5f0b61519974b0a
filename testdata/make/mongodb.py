#!/usr/bin/env python3
# Writes the sessions of l7/mongodb/testdata: messages as the wire protocol and
# BSON 1.1 say: what FerretDB (mongodb.sh) does not speak. Documentation values only.
import os, struct, zlib

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../l7/mongodb/testdata')


def bson(d):
    items = d.items() if isinstance(d, dict) else ((str(i), v) for i, v in enumerate(d))
    b = b''
    for k, v in items:
        k = k.encode() + b'\0'
        if isinstance(v, bool): b += b'\x08' + k + bytes([v])
        elif isinstance(v, int): b += (b'\x10' + k + struct.pack('<i', v)) if abs(v) < 1 << 31 else (b'\x12' + k + struct.pack('<q', v))
        elif isinstance(v, float): b += b'\x01' + k + struct.pack('<d', v)
        elif isinstance(v, str): b += b'\x02' + k + struct.pack('<i', len(v.encode()) + 1) + v.encode() + b'\0'
        elif isinstance(v, bytes): b += b'\x05' + k + struct.pack('<iB', len(v), 0) + v
        elif v is None: b += b'\x0a' + k
        elif isinstance(v, dict): b += b'\x03' + k + bson(v)
        elif isinstance(v, list): b += b'\x04' + k + bson(v)
        elif isinstance(v, tuple): b += v[0] + k + v[1]
    return struct.pack('<i', len(b) + 5) + b + b'\0'


def message(op, id, to, body): return struct.pack('<iIIi', 16 + len(body), id, to, op) + body


def body(doc, flags=0, seq=None, first=False):
    b = b'\0' + bson(doc)
    if seq:
        s = seq[0].encode() + b'\0' + b''.join(map(bson, seq[1]))
        s = b'\1' + struct.pack('<i', len(s) + 4) + s
        b = s + b if first else b + s
    return struct.pack('<I', flags) + b + (b'\xde\xad\xbe\xef' if flags & 1 else b'')


def msg(id, to, doc, flags=0, seq=None, first=False): return message(2013, id, to, body(doc, flags, seq, first))


def packed(id, to, how, b, op=2013):
    if how == 1:
        n, v = len(b), b''
        while n > 127: v, n = v + bytes([n & 127 | 128]), n >> 7
        data = v + bytes([n])
        for i in range(0, len(b), 60): data += bytes([len(b[i:i + 60]) - 1 << 2]) + b[i:i + 60]
    elif how == 2: data = zlib.compress(b)
    elif how == 3: data = b'\x28\xb5\x2f\xfd' + b'\x60' + struct.pack('<H', len(b) - 256) + struct.pack('<I', len(b) << 3 | 1)[:3] + b
    else: data = b
    return message(2012, id, to, struct.pack('<iiB', op, len(b), how) + data)


def query(id, ns, doc, flags=0): return message(2004, id, 0, struct.pack('<i', flags) + ns.encode() + b'\0' + struct.pack('<ii', 0, -1 & 0x7fffffff) + bson(doc))
def reply(id, to, docs, flags=8, cursor=0): return message(1, id, to, struct.pack('<iqii', flags, cursor, 0, len(docs)) + b''.join(map(bson, docs)))


def write(name, remark, turns):
    with open(os.path.join(OUT, name + '.txt'), 'w') as f:
        f.write('# ' + remark + '\n')
        for t in turns:
            if isinstance(t, str): f.write(t + '\n'); continue
            side, b = t
            text = ''.join(chr(c) if 32 <= c < 127 and c not in (34, 92) else '\\x%02x' % c for c in b)
            f.write('%s "%s"\n' % (side, text))


LSID = {'id': (b'\x05', struct.pack('<iB', 16, 4) + bytes(range(16)))}
OID = (b'\x07', bytes(range(12)))
C, S = (lambda b: ('>', b)), (lambda b: ('<', b))

write('commands', 'A handshake, then commands with ids, answered out of order, with errors of every form.', [
    C(query(1, 'admin.$cmd', {'isMaster': 1, 'helloOk': True, 'client': {'application': {'name': 'shop'}, 'driver': {'name': 'd', 'version': '1'}}, 'speculativeAuthenticate': {'saslStart': 1, 'payload': b'secret'}})),
    S(reply(100, 1, [{'helloOk': True, 'ismaster': True, 'maxWireVersion': 17, 'ok': 1.0}])),
    C(msg(2, 0, {'find': 'orders', 'filter': {'customer': 'alice', 'total': {'$gt': 100}, 'state': {'$in': ['new', 'paid']}, '$or': [{'a': 1}, {'b': None}]}, 'limit': 5, 'comment': 'x-request-id=7f3a9c0e5d214b77', 'lsid': LSID, '$db': 'shop'})),
    C(msg(3, 0, {'insert': 'orders', 'ordered': True, 'lsid': LSID, '$db': 'shop'}, seq=('documents', [{'_id': OID, 'card': '4111'}, {'_id': OID, 'card': '4222'}]))),
    S(msg(101, 3, {'n': 2, 'ok': 1.0})),
    S(msg(102, 2, {'cursor': {'firstBatch': [{'_id': 1}, {'_id': 2}, {'_id': 3}], 'id': 1 << 40, 'ns': 'shop.orders'}, 'ok': 1.0})),
    C(msg(4, 0, {'getMore': 1 << 40, 'collection': 'orders', '$db': 'shop'})),
    S(msg(103, 4, {'ok': 0.0, 'errmsg': 'cursor id 7 not found', 'code': 43, 'codeName': 'CursorNotFound'})),
    C(msg(5, 0, {'update': 'orders', '$db': 'shop', 'comment': {'traceparent': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'}}, flags=1, seq=('updates', [{'q': {'_id': 1}, 'u': {'$set': {'state': 'paid'}}, 'upsert': False}]), first=True)),
    S(msg(104, 5, {'n': 0, 'writeErrors': [{'index': 0, 'code': 11000, 'errmsg': 'E11000 duplicate key'}], 'ok': 1.0}, flags=1)),
    C(msg(6, 0, {'insert': 'log', 'documents': [{'x': 1}, {'y': 2}], 'writeConcern': {'w': 0}, '$db': 'shop'}, flags=2)),
    C(msg(7, 0, {'aggregate': 'orders', 'pipeline': [{'$match': {'state': 'paid'}}, {'$group': {'_id': '$customer', 'sum': {'$sum': '$total'}}}], 'cursor': {}, 'comment': '{"x-request-id": "abc-1234567"}', '$db': 'shop'})),
    S(msg(105, 7, {'cursor': {'firstBatch': [], 'id': 0, 'ns': 'shop.orders'}, 'ok': 1.0})),
    C(msg(8, 0, {'explain': {'count': 'orders', 'query': {'a': 1}}, 'verbosity': 'queryPlanner', '$db': 'shop'})),
    S(msg(106, 8, {'queryPlanner': {}, 'ok': 1.0})),
    C(msg(9, 0, {'createUser': 'bob', 'pwd': 'secret', 'roles': ['read'], '$db': 'admin'})),
    S(msg(107, 9, {'ok': 1.0, 'writeConcernError': {'code': 64, 'codeName': 'WriteConcernFailed', 'errmsg': 'x'}})),
    C(msg(10, 0, {'delete': 'orders', '$db': 'shop'}, seq=('deletes', [{'q': {'_id': 1}, 'limit': 1}]))),
    S(msg(108, 10, {'n': 1, 'ok': 1.0})),
])
write('exhaust', 'A hello that is answered again and again; an answer that never comes; one nobody asked for.', [
    C(msg(20, 0, {'hello': 1, 'maxAwaitTimeMS': 10000, 'topologyVersion': {'processId': OID, 'counter': 0}, '$db': 'admin'}, flags=1 << 16)),
    S(msg(300, 20, {'isWritablePrimary': True, 'ok': 1.0}, flags=2)),
    S(msg(301, 300, {'isWritablePrimary': True, 'ok': 1.0}, flags=2)),
    S(msg(302, 301, {'isWritablePrimary': True, 'ok': 1.0})),
    C(msg(21, 0, {'ping': 1, '$db': 'admin'})),
    C(msg(22, 0, {'dropDatabase': 1, '$db': 'shop'})),
    S(msg(303, 22, {'ok': 1.0})),
    S(msg(304, 77, {'ok': 1.0})),
])
big = {'find': 'orders', 'filter': {'customer': 'alice', 'note': 'n' * 300}, '$db': 'shop'}
write('compressed', 'Snappy, zlib, zstd, noop.', [
    C(packed(1, 0, 1, body(big))), S(packed(50, 1, 1, body({'cursor': {'firstBatch': [{'a': 'b' * 200}], 'id': 0}, 'ok': 1.0}))),
    C(packed(2, 0, 2, body(big))), S(packed(51, 2, 2, body({'ok': 0.0, 'code': 13, 'codeName': 'Unauthorized', 'errmsg': 'not authorized'}))),
    C(packed(3, 0, 3, body(big))), S(packed(52, 3, 3, body({'cursor': {'firstBatch': [{'a': 'b' * 200}, {'a': 'b' * 90}], 'id': 0}, 'ok': 1.0}))),
    C(packed(4, 0, 0, body({'ping': 1, '$db': 'admin'}))), S(packed(53, 4, 0, body({'ok': 1.0}))),
])
cs = lambda s: s.encode() + b'\0'
write('legacy', 'What clients before 3.6 send.', [
    C(query(1, 'shop.orders', {'$query': {'a': 'secret'}, '$orderby': {'b': 1}, '$comment': 'x-request-id: 7f3a9c0e5d214b77'})),
    S(reply(60, 1, [{'_id': 1}, {'_id': 2}], cursor=9)),
    C(message(2005, 2, 0, struct.pack('<i', 0) + cs('shop.orders') + struct.pack('<iq', 10, 9))),
    S(reply(61, 2, [], flags=1)),
    C(message(2002, 3, 0, struct.pack('<i', 0) + cs('shop.orders') + bson({'_id': 1, 'card': '4111'}))),
    C(query(4, 'shop.$cmd', {'getlasterror': 1, 'w': 1})),
    S(reply(62, 4, [{'err': 'E11000 duplicate key error', 'code': 11000, 'n': 0, 'ok': 1.0}])),
    C(message(2001, 5, 0, struct.pack('<i', 0) + cs('shop.orders') + struct.pack('<i', 0) + bson({'_id': 1}) + bson({'$set': {'a': 'x'}}))),
    C(message(2006, 6, 0, struct.pack('<i', 0) + cs('shop.orders') + struct.pack('<i', 1) + bson({'_id': 1}))),
    C(message(2007, 7, 0, struct.pack('<iiq', 0, 1, 9))),
    C(query(8, 'shop.orders', {'a': {'$bad': 1}})),
    S(reply(63, 8, [{'$err': 'unknown operator: $bad', 'code': 10068}], flags=2)),
    C(query(9, 'shop.log', {}, flags=1 << 6)),
    S(reply(64, 9, [{'_id': 1}], cursor=11)), S(reply(65, 64, [{'_id': 2}], cursor=0)),
    C(message(2010, 10, 0, cs('shop') + cs('count') + bson({'count': 'orders'}) + bson({}))),
    S(message(2011, 70, 10, bson({'n': 3, 'ok': 1.0}) + bson({}))),
])
write('midstream', 'Joined later; a part of a message is lost; an opcode that nobody knows.', [
    'midstream',
    C(msg(30, 0, {'find': 'a', '$db': 'shop'})),
    S(msg(400, 30, {'cursor': {'firstBatch': [], 'id': 0}, 'ok': 1.0})),
    C(msg(31, 0, {'insert': 'a', '$db': 'shop', 'documents': [{'x': 'z' * 200}]})[:150]), 'lost > %d' % (len(msg(31, 0, {'insert': 'a', '$db': 'shop', 'documents': [{'x': 'z' * 200}]})) - 150),
    S(msg(401, 31, {'n': 1, 'ok': 1.0})),
    C(message(2269, 32, 0, b'what')),
    C(msg(33, 0, {'ping': 1, '$db': 'admin'})), S(msg(402, 33, {'ok': 1.0})),
])
