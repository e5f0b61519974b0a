"""A small HTTP/1.1 service for the recordings: what each path does is told on
the command line.

    app.py NAME ADDRESS:PORT {"/orders": {"calls": ["http://stock.example:9000/stock/7"], ...}, ...}

A path takes the longest rule that is a prefix of it. Keys of a rule:
    status    status of the answer (200)
    after     statuses of the first answers, then status
    calls     URLs called in order before the answer; {path} is the request's
    parallel  call them at the same time
    forward   headers passed on to the calls (x-request-id and trace contexts)
    add       headers added to the calls
    delay     seconds to wait before the answer
    size      length of the body
    chunked   send the body in so many chunks
    drop      close this many first connections without an answer
    reset     abort the connection instead of answering
"""
import http.client, json, os, socket, struct, sys, threading, time, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FORWARD = ["x-request-id", "x-unique-id", "traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid",
           "x-b3-sampled", "uber-trace-id", "sw8", "x-datadog-trace-id", "x-datadog-parent-id", "x-datadog-sampling-priority",
           "x-datadog-tags", "x-amzn-trace-id", "x-cloud-trace-context"]
NAME, LISTEN, RULES = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
seen, lock = {}, threading.Lock()


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = NAME, ""

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, url, rule):
        u = urllib.parse.urlsplit(url.replace("{path}", self.path))
        headers = {k: v for k, v in self.headers.items() if k.lower() in rule.get("forward", FORWARD)}
        headers.update(rule.get("add", {}))
        headers["User-Agent"] = NAME
        try:
            c = http.client.HTTPConnection(u.hostname, u.port or 80, timeout=5)
            c.request("GET", u.path + ("?" + u.query if u.query else ""), headers=headers)
            r = c.getresponse()
            r.read()
            c.close()
            return r.status
        except OSError:
            return 0

    def answer(self):
        path = self.path.split("?")[0]
        key = max((k for k in RULES if path.startswith(k)), key=len, default=None)
        rule = RULES.get(key, {"status": 404})
        n = int(self.headers.get("Content-Length") or 0)
        if n:
            self.rfile.read(n)
        with lock:
            nth = seen[key] = seen.get(key, 0) + 1
        if nth <= rule.get("drop", 0):
            self.close_connection = True
            return
        if rule.get("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
            self.close_connection = True
            return
        if rule.get("parallel"):
            t = [threading.Thread(target=self.call, args=(u, rule)) for u in rule["calls"]]
            [x.start() for x in t]
            [x.join() for x in t]
        else:
            [self.call(u, rule) for u in rule.get("calls", [])]
        time.sleep(rule.get("delay", 0))
        after = rule.get("after", [])
        self.reply(after[nth - 1] if nth <= len(after) else rule.get("status", 200), rule)

    def reply(self, status, rule):
        body = (json.dumps({"service": NAME, "path": self.path}) + " ").ljust(rule.get("size", 0), ".").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        parts = rule.get("chunked", 0)
        if parts:
            self.send_header("Transfer-Encoding", "chunked")
        elif status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or status in (204, 304):
            return
        if not parts:
            self.wfile.write(body)
            return
        step = -(-len(body) // parts)
        for i in range(0, len(body), step):
            b = body[i:i + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(b), b))
            self.wfile.flush()
            time.sleep(0.005)
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Service)


addr, port = LISTEN.rsplit(":", 1)
Server((addr.strip("[]"), int(port))).serve_forever()
