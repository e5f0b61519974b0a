"""Writes the TCP connection of a capture as a session of l7test: session.py FILE."""
import subprocess
import sys


def quoted(b):
    return '"' + ''.join(chr(c) if 32 <= c < 127 and c not in (34, 92) else '\\x%02x' % c for c in b) + '"'


rows = subprocess.run(['tshark', '-r', sys.argv[1], '-Y', 'tcp.len > 0', '-T', 'fields', '-e', 'tcp.dstport', '-e', 'tcp.payload'],
                      capture_output=True, text=True, check=True).stdout.splitlines()
print('# Recorded by testdata/make/mysql.sh.')
print('port 3306')
for row in rows:
    port, data = row.split('\t')
    b = bytes.fromhex(data.replace(':', ''))
    mark = '>' if port == '3306' else '<'
    for i in range(0, len(b), 96):
        print(mark if i == 0 else ' ', quoted(b[i:i + 96]))
