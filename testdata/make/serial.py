"""A service of an old estate for serial.sh: no headers, but a serial number in
every message.

    serial.py desk ADDRESS STOCK DATABASE   asks stock and the database
    serial.py stock ADDRESS                 answers with the number it was asked with
"""
import http.client, json, re, socket, struct, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote_plus, urlsplit

ROLE, LISTEN, MORE = sys.argv[1], sys.argv[2], sys.argv[3:]


class Database:
    """The MySQL protocol as far as one statement needs it: no password."""

    def __init__(self, address):
        self.c = socket.create_connection((address, 3306))
        self.read()
        caps = 0x1 | 0x200 | 0x8000 | 0x80000  # long password, 4.1 protocol, authentication
        self.send(1, struct.pack("<IIB23x", caps, 1 << 24, 45) + b"desk\0\0mysql_native_password\0")
        self.read()

    def send(self, seq, b):
        self.c.sendall(struct.pack("<I", len(b))[:3] + bytes([seq]) + b)

    def read(self):
        head = b""
        while len(head) < 4:
            head += self.c.recv(4 - len(head))
        n, b = head[0] | head[1] << 8 | head[2] << 16, b""
        while len(b) < n:
            b += self.c.recv(n - len(b))
        return b

    def query(self, text):
        self.send(0, b"\3" + text.encode())
        first = self.read()
        ends = 0 if first[0] in (0, 0xff) else 2
        while ends:
            b = self.read()
            ends -= b[0] in (0xfe, 0xff) and len(b) < 9
        self.send(0, b"\1")
        self.c.close()


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = ROLE, ""

    def serial(self, body):
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            return json.loads(body)["head"]["serialNo"]
        if kind.startswith("multipart/"):
            return re.search(rb'name="serialNo"\r\n\r\n([^\r]*)', body).group(1).decode()
        return parse_qs(body.decode() if body else urlsplit(self.path).query)["serialNo"][0]

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        n = self.serial(body)
        if ROLE == "desk":
            self.ask(n)
        answer = json.dumps({"head": {"code": 0, "serialNo": n}, "items": [1, 2]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def ask(self, n):
        stock, database = MORE
        c = http.client.HTTPConnection(stock, 9000)
        c.request("POST", "/reserve", "item=7&serialNo=" + quote_plus(n), {"Content-Type": "application/x-www-form-urlencoded"})
        c.getresponse().read()
        c.close()
        Database(database).query("SELECT item FROM shop.orders WHERE id = 7 /* serialNo=%s */" % n)

    def log_message(self, *a):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 64


Server((LISTEN, 9000), Service).serve_forever()
