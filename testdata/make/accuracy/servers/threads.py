"""A thread for every connection (http.server)."""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import calls


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = calls.answer(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


Server(("127.0.0.1", int(os.environ["PORT"])), Service).serve_forever()
