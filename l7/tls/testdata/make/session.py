"""Writes the first TCP connection of a capture of the loopback (Ethernet,
IPv4) as a session of l7test."""
import struct
import sys


def packets(b):
    at = 24
    while at + 16 <= len(b):
        size = struct.unpack_from('<I', b, at + 8)[0]
        yield b[at + 16:at + 16 + size]
        at += 16 + size


def quote(b):
    return '"' + ''.join(chr(c) if 32 <= c < 127 and c not in b'"\\' else '\\x%02x' % c for c in b) + '"'


def main(path):
    client = None
    seen = set()
    print('# first connection of', path.split('/')[-1])
    for p in packets(open(path, 'rb').read()):
        ip = p[14:]
        if p[12:14] != b'\x08\x00' or ip[9] != 6:
            continue
        head = (ip[0] & 15) * 4
        tcp = ip[head:struct.unpack_from('>H', ip, 2)[0]]
        sport, dport, seq = struct.unpack_from('>HHI', tcp)
        flags, body = tcp[13], tcp[(tcp[12] >> 4) * 4:]
        if flags & 18 == 2 and client is None:
            client, server = sport, dport
            print('port', server)
        if client is None or client not in (sport, dport):
            continue
        mark = '>' if sport == client else '<'
        if body and (mark, seq) not in seen:
            seen.add((mark, seq))
            print(mark, quote(body[:64]))
            for i in range(64, len(body), 64):
                print(' ', quote(body[i:i + 64]))
        if flags & 1 and ('fin', mark) not in seen:
            seen.add(('fin', mark))
            print('fin', mark)


main(sys.argv[1])
