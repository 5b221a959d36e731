"""A stand-in for TensorFlow Serving's REST interface, after its documentation: the graph itself is TensorFlow's.

https://www.tensorflow.org/tfx/serving/api_rest: `POST /v1/models/NAME:predict` with `signature_name` and `inputs` in
the columnar form, answered with `outputs`, named where there are several; errors as `{"error": ...}`.
"""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import tensorflow as tf


@contextmanager
def serving(folder, name="cxr"):
    """Serve an exported folder on a free port of the loopback; yields the model's address."""
    loaded = tf.saved_model.load(str(folder))

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self, status, content):
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self):
            wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != f"/v1/models/{name}:predict":
                return self.answer(404, {"error": f"Servable not found for request: Latest({self.path})"})
            signature = loaded.signatures.get(wish.get("signature_name", "serving_default"))
            if signature is None:
                return self.answer(400, {"error": "Serving signature name not found"})
            kinds = signature.structured_input_signature[1]
            if kinds.keys() != wish["inputs"].keys():
                return self.answer(400, {"error": "input size does not match signature"})
            given = {key: tf.constant(value, kinds[key].dtype) for key, value in wish["inputs"].items()}
            outputs = {key: value.numpy() for key, value in signature(**given).items()}
            told = {
                key: value.astype("U").tolist() if value.dtype == object else value.tolist()
                for key, value in outputs.items()
            }
            return self.answer(200, {"outputs": told})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/models/{name}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
