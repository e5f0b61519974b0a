"""One thread reads all requests and hands them to a pool, whose threads call
and answer."""
import os, selectors, socket
from concurrent.futures import ThreadPoolExecutor
import calls

pool = ThreadPoolExecutor(32)
sel = selectors.DefaultSelector()
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=512)
sel.register(listener, selectors.EVENT_READ)


def work(conn, path):
    body = calls.answer(path)
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


while True:
    for key, _ in sel.select():
        if key.fileobj is listener:
            conn, _ = listener.accept()
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sel.register(conn, selectors.EVENT_READ)
            continue
        head = key.fileobj.recv(65536) # a request is one segment
        if not head:
            sel.unregister(key.fileobj)
            key.fileobj.close()
            continue
        pool.submit(work, key.fileobj, head.split(b" ", 2)[1].decode())
