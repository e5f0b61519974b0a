"""Processes made before the first request, each of which serves one connection
at a time, as gunicorn's sync workers do: a request, an answer, the end."""
import os, socket
import calls

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=512)
for _ in range(8):
    if os.fork() == 0:
        break
else:
    os.wait()
while True:
    conn, _ = listener.accept()
    with conn:
        head = conn.recv(65536)
        if head:
            body = calls.answer(head.split(b" ", 2)[1].decode())
            conn.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
