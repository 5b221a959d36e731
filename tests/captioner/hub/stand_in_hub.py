"""A stand-in for the Hub on the loopback: model repositories in memory, read and written by huggingface_hub itself.

It speaks what huggingface_hub asks for small repositories: information, files, and commits whose files come within the
request. The real Hub takes large files by another way (LFS, Xet), which huggingface_hub chooses by itself.
"""

import base64
import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Hub:
    """Repositories: name -> file -> bytes; what was asked, and the token that may write."""

    def __init__(self):
        self.repositories, self.asked, self.token = {}, [], "hf_stand_in"
        self.address = None

    def revision(self, name):
        """A commit's name, made of what is in the repository."""
        files = sorted((file, hashlib.sha256(data).hexdigest()) for file, data in self.repositories[name].items())
        return hashlib.sha1(json.dumps(files).encode()).hexdigest()


@contextmanager
def serving(hub):
    """Serve a Hub on a free port of the loopback; its `address` says where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, content=b"", headers=None):
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def do_GET(self):
            parts = self.path.partition("?")[0].strip("/").split("/")
            hub.asked.append((self.command, self.path))
            if parts[:2] == ["api", "models"]:
                return self.information("/".join(parts[2:4]), *(parts[4:6] or ("revision", "main")))
            if len(parts) == 5 and parts[2] == "resolve":
                return self.file("/".join(parts[:2]), parts[3], parts[4])
            return self.answer(404)

        do_HEAD = do_GET

        def information(self, name, kind, revision):
            files = hub.repositories.get(name)
            if files is None or revision not in ("main", hub.revision(name)):
                code = "RepoNotFound" if files is None else "RevisionNotFound"
                return self.answer(401 if files is None else 404, {"error": code}, {"X-Error-Code": code})
            if kind == "tree":
                entries = [
                    {"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for file, data in files.items()
                ]
                return self.answer(200, entries)
            siblings = [{"rfilename": file, "size": len(data)} for file, data in files.items()]
            return self.answer(200, {"id": name, "modelId": name, "sha": hub.revision(name), "siblings": siblings})

        def file(self, name, revision, file):
            data = hub.repositories.get(name, {}).get(file)
            if data is None or revision not in ("main", hub.revision(name)):
                return self.answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": hub.revision(name)}
            return self.answer(200, data, headers)

        def do_POST(self):
            hub.asked.append((self.command, self.path))
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.path == "/api/validate-yaml":
                return self.answer(200, {"errors": [], "warnings": []})
            if self.headers.get("Authorization") != f"Bearer {hub.token}":
                return self.answer(401, {"error": "Invalid credentials"})
            if self.path == "/api/repos/create":
                wish = json.loads(body)
                name = f"{wish['organization']}/{wish['name']}" if wish.get("organization") else wish["name"]
                status = 409 if name in hub.repositories else 200
                hub.repositories.setdefault(name, {})
                return self.answer(status, {"url": f"{hub.address}/{name}", "name": name})
            name, action = "/".join(self.path.split("/")[3:5]), self.path.split("/")[5]
            if action == "preupload":
                files = [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for file in json.loads(body)["files"]
                ]
                return self.answer(200, {"files": files})
            for line in filter(None, body.splitlines()):
                entry = json.loads(line)
                if entry["key"] == "file":
                    hub.repositories[name][entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
                elif entry["key"] == "deletedFile":
                    del hub.repositories[name][entry["value"]["path"]]
            commit = hub.revision(name)
            return self.answer(
                200, {"success": True, "commitOid": commit, "commitUrl": f"{hub.address}/{name}/commit/{commit}"}
            )

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
