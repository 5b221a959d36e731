"""An exported model behind TensorFlow Serving, asked by gRPC: tensors as they are, where REST spells each number out.

The messages are those of the server's own package `tensorflow-serving-api`, the extra `grpc`
(tensorflow_serving/apis/prediction_service.proto); they are made of TensorFlow's, which is imported with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from captioner.errors import BadInput
from captioner.quiet import import_tensorflow

if TYPE_CHECKING:
    from captioner.serving.served_model import Run

SCHEME = "grpc"
PACKAGE = "tensorflow-serving-api>=2.21,<2.22"
LONGEST_ANSWER = 256 << 20  # bytes; gRPC's own bound of 4 MB is less than a few studies with maps have


def behind_grpc(address: str, timeout: float = 120.0) -> Run:
    """Run the graph behind TensorFlow Serving, by its gRPC interface.

    Args:
        address: of the model, such as `grpc://127.0.0.1:8500/cxr`.
        timeout: seconds to wait for an answer.

    Returns:
        a Run, which raises BadInput where the server cannot be reached, or refuses.

    Raises:
        BadInput: the package is not installed, or the address is none.
    """
    try:
        parts = urlsplit(address)
        host, name = f"{parts.hostname}:{parts.port}", parts.path.strip("/")
        sound = parts.scheme == SCHEME and parts.hostname and parts.port and name and "/" not in name
    except ValueError:  # a port that is none
        sound = False
    if not sound:
        raise BadInput(f"{address[:80]} is no address of a model server: write {SCHEME}://HOST:8500/NAME.")
    if find_spec("tensorflow_serving") is None:
        raise BadInput(f'{SCHEME}:// needs the package tensorflow-serving-api: pip install "{PACKAGE}"')
    import_tensorflow()
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    bounds = [(f"grpc.max_{way}_message_length", LONGEST_ANSWER) for way in ("receive", "send")]
    service = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel(host, bounds))

    def run(signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = name, signature
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
        try:
            outputs = service.Predict(request, timeout=timeout).outputs
            return {key: tf.make_ndarray(value) for key, value in outputs.items()}
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                raise BadInput(f"{address} cannot be reached: no model server answers there.") from error
            reason = (error.details() or "").splitlines() or [""]
            told = f"{address} refused with status {error.code().name}: {reason[0][:200].rstrip('.')}."
            raise BadInput(told) from error
        except (TypeError, ValueError) as error:  # tensors that hold less than they say
            raise BadInput(f"{address} does not answer as TensorFlow Serving does.") from error

    return run
