"""A web server for download tests: a folder with ranges, and faults. `snapshot-server.py FOLDER LOG [busy=NAME] [cut=NAME] [slow=SECONDS] [pem=FILE]`.

busy: the first answer for NAME is 503; cut: the first answer breaks off in the middle; noranges=1: ranges are ignored; slow: seconds
between head and body of an answer; pem: https, with the certificate and key of that file. Prints its port."""
import http.server
import pathlib
import ssl
import sys
import time

folder, log = pathlib.Path(sys.argv[1]), open(sys.argv[2], "a", buffering=1)
faults = dict(argument.split("=", 1) for argument in sys.argv[3:])
seen = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def first_time(self, fault, name):
        wanted = faults.get(fault) == name and (fault, name) not in seen
        seen.add((fault, name))
        return wanted

    def do_GET(self):
        name = self.path.lstrip("/")
        path = folder / name
        start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
        log.write(f"{name} {start}\n")
        if self.first_time("busy", name) or faults.get("broken") == name:
            return self.send_error(503)
        if not path.is_file():
            return self.send_error(404)
        data = path.read_bytes()
        if "noranges" in faults:
            start = 0
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        body = data[start:]
        time.sleep(float(faults.get("slow", 0)))
        self.wfile.write(body[: len(body) // 2] if self.first_time("cut", name) or faults.get("always_cut") == name else body)
        self.close_connection = True

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if "pem" in faults:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(faults["pem"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
