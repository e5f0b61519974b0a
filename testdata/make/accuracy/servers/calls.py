"""What the Python servers share: one answer to one request, with one or two
calls to the back end, whose address is in BACKEND. Each thread keeps its
connection."""
import http.client, os, threading

local = threading.local()
host, port = os.environ["BACKEND"].split(":")


def call(path):
    for fresh in (False, True):
        if fresh or getattr(local, "conn", None) is None:
            local.conn = http.client.HTTPConnection(host, int(port), timeout=30)
        try:
            local.conn.request("GET", path)
            return local.conn.getresponse().read()
        except (http.client.HTTPException, OSError):
            local.conn.close()
            if fresh:
                raise


def answer(path):
    n = path.rsplit("/", 1)[1]
    for k in range(1 + int(n) % 2):
        call(f"/b/{n}/{k}")
    return b"done " + n.encode() + b"\n"
