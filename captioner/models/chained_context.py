"""The chained-context captioner: each cell learns what its surroundings show before the decoder attends to it.

After "Attention-guided Chained Context Aggregation for Semantic Segmentation" (Tang et al. 2020, arXiv 2002.12041): a
global flow pools a whole view; context flows follow one another, each from the features and the flow before it, from
coarse to fine; learned attention weighs the flows in every cell. What is aggregated is added to what the cell itself
shows, and read by the decoder of `captioner.models.attention`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras import layers, ops

from captioner.models.attention import AttentionCaptioner
from captioner.models.base import VIEWS

if TYPE_CHECKING:
    import keras

POOLS = (4, 2)  # cells that each context flow pools over, each way


class ChainedContextCaptioner(AttentionCaptioner):
    """Arguments as `AttentionCaptioner`; a flow has a quarter of `depth` channels. Flows never mix the two views.

    The shapes below, beside those of `TwoViewCaptioner`: N = B * VIEWS views; R rows, C columns; W channels of a flow.
    """

    def _make_readers(self) -> tuple[tuple[Any, int], ...]:
        width = max(1, self.depth // 4)
        self.global_flow = layers.Dense(width, activation="relu", name="global_flow")
        self.context_flows = []
        made: list[tuple[Any, tuple[int | None, ...]]] = [(self.global_flow, (None, self.depth))]
        for number in range(1, len(POOLS) + 1):
            flow = []
            for turn, channels in enumerate((self.depth + width, width), start=1):
                name = f"context_flow_{number}_{turn}"
                convolution = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_conv")
                norm = layers.LayerNormalization(name=f"{name}_norm")
                made += [(convolution, (None, None, None, channels)), (norm, (None, None, None, width))]
                flow.append((convolution, norm))
            self.context_flows.append(flow)
        self.flow_score = layers.Dense(1, name="flow_score")
        # Zeros at first: a training starts from the attention captioner, and adds context as far as it helps.
        self.add_context = layers.Dense(self.depth, kernel_initializer="zeros", name="add_context")
        made += [(self.flow_score, (None, None, width)), (self.add_context, (None, None, width))]
        for layer, shape in made:
            layer.build(shape)
        return super()._make_readers()

    def _normalised(self, projected: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """What the projection gave, `(B, P, depth)` -> image features of that shape."""
        image_features = super()._normalised(projected, mask)  # (B, P, depth)
        # The finding head looks at what the encoder found, whatever context the decoder learns to add.
        return image_features if self.conditions_size else self._with_context(image_features, mask)

    @property
    def reads_context(self) -> bool:  # type: ignore[override]
        return bool(self.conditions_size)

    def read(self, image_features: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """What the decoder attends to, `(B, P, depth)`: the image features, with their context."""
        return self._with_context(image_features, mask) if self.conditions_size else image_features

    def _with_context(self, image_features: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """Image features `(B, P, depth)` with what the flows add to them."""
        rows, columns = self.grid
        batch = ops.shape(image_features)[0]
        views = ops.reshape(image_features, (batch * VIEWS, rows, columns, self.depth))  # (N, R, C, depth)
        context = ops.reshape(self._aggregate(views), (batch, VIEWS * rows * columns, self.depth))  # (B, P, depth)
        return ops.relu(image_features + context) * ops.expand_dims(self._cells(mask, image_features.dtype), -1)

    def _aggregate(self, views: keras.KerasTensor) -> keras.KerasTensor:
        """What the flows make of `(N, R, C, depth)`: context of the same shape."""
        rows, columns = self.grid
        pooled = ops.mean(views, axis=(1, 2), keepdims=True)  # (N, 1, 1, depth)
        flow = self.global_flow(pooled)  # (N, 1, 1, W)
        flow = ops.broadcast_to(flow, (ops.shape(views)[0], rows, columns, flow.shape[-1]))  # (N, R, C, W)
        flows = [flow]
        for pool, layers_of_flow in zip(POOLS, self.context_flows):
            flow = self._context_flow(ops.concatenate([views, flow], axis=-1), pool, layers_of_flow)
            flows.append(flow)
        stacked = ops.stack(flows, axis=-2)  # (N, R, C, flows, W)
        weights = ops.softmax(self.flow_score(stacked), axis=-2)  # (N, R, C, flows, 1)
        return self.add_context(ops.sum(weights * stacked, axis=-2))  # (N, R, C, depth)

    def _context_flow(self, x: keras.KerasTensor, pool: int, layers_of_flow: Any) -> keras.KerasTensor:
        """Pool `(N, R, C, depth + W)`, convolve twice, and come back to size: `(N, R, C, W)`."""
        rows, columns = self.grid
        size = min(pool, rows), min(pool, columns)
        # The strides are said: Keras on JAX takes a size of two numbers for four where they are left out.
        x = ops.average_pool(x, size, strides=size, padding="same", data_format="channels_last")
        for convolution, norm in layers_of_flow:
            x = ops.relu(norm(convolution(x)))  # (N, R / pool, C / pool, W)
        return ops.image.resize(x, (rows, columns), interpolation="bilinear", data_format="channels_last")
