"""A stand-in for TensorFlow Serving's gRPC interface, of its own messages: the graph itself is TensorFlow's.

github.com/tensorflow/serving, tensorflow_serving/apis/prediction_service.proto and predict.proto.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, folder, name):
        self.loaded, self.name = tf.saved_model.load(str(folder)), name

    def Predict(self, request, context):
        if request.model_spec.name != self.name:
            context.abort(
                grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({request.model_spec.name})"
            )
        signature = self.loaded.signatures.get(request.model_spec.signature_name or "serving_default")
        if signature is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Serving signature name not found")
        given = {key: tf.constant(tf.make_ndarray(value)) for key, value in request.inputs.items()}
        kinds = signature.structured_input_signature[1]
        if {key: value.dtype for key, value in given.items()} != {key: kind.dtype for key, kind in kinds.items()}:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "input size does not match signature")
        answer = predict_pb2.PredictResponse(model_spec=request.model_spec)
        for key, value in signature(**given).items():
            answer.outputs[key].CopyFrom(tf.make_tensor_proto(value.numpy()))
        return answer


@contextmanager
def serving_grpc(folder, name="cxr"):
    """Serve an exported folder on a free port of the loopback; yields the model's address."""
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.max_receive_message_length", 64 << 20)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(folder, name), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}/{name}"
    finally:
        server.stop(None).wait()
