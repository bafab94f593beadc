"""What a Keras network puts out, as logits, whatever its last activation is.

Keras on JAX clips the probabilities behind a final softmax, so that a network that is
confidently wrong has no gradient. Cross-entropy is computed from logits here.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras

from paribus.errors import UserCodeError
from paribus.models.model import FinalActivation


class Outputs(NamedTuple):
    """How outputs become logits.

    Attributes:
        activation: The final activation that was taken away; empty if there was none.
        is_binary: Whether one output stands for the log-odds of the second class.
    """

    activation: str
    is_binary: bool

    def logits(self, outputs: jax.Array) -> jax.Array:
        """One logit for each class, in float32."""
        outputs = outputs.astype(jnp.float32)
        if not self.is_binary:
            return outputs
        # softmax(0, z) is (1 - sigmoid(z), sigmoid(z)).
        return jnp.concatenate([jnp.zeros_like(outputs), outputs], axis=-1)


def open_outputs(
    reference: str,
    network: Any,
    *,
    n_classes: int,
    final: FinalActivation = "softmax",
) -> Outputs:
    """Take a final softmax or sigmoid away from a network of our own.

    Args:
        reference: Whose network it is.
        network: The network; its last layer is changed.
        n_classes: Number of outputs.
        final: The last activation that is taken away; none where numbers are predicted.

    Raises:
        UserCodeError: If it has several outputs, or its loss expects another
            activation than it ends with.
    """
    shape = network.output_shape
    if not isinstance(shape, tuple) or not all(
        n is None or isinstance(n, int) for n in shape
    ):
        raise UserCodeError(f"`{reference}` must have one output, got {shape}")
    if final == "none":
        return Outputs(activation="", is_binary=False)
    is_binary = n_classes == 2 and tuple(shape[1:]) == (1,)
    expected = "sigmoid" if is_binary else final
    from_logits = _loss_takes_logits(network)
    found = "" if from_logits else _take_away(last_layer(network), expected)
    if from_logits is False and not found:
        raise UserCodeError(
            f"`{reference}` must end with {expected}, as its loss expects "
            "probabilities, but its last layer has none",
            hint="compile it with a loss that has `from_logits=True`",
        )
    return Outputs(activation=found, is_binary=is_binary)


def last_layer(network: Any) -> Any:
    """The layer that makes the output; None where a network does not say."""
    layer = network
    while isinstance(layer, keras.Model):
        if isinstance(layer, keras.Sequential) and layer.layers:
            layer = layer.layers[-1]
        elif getattr(layer, "_functional", None) or hasattr(layer, "outputs"):
            layer = layer.outputs[0]._keras_history.operation if layer.outputs else None
        else:
            return None
    return layer


def _loss_takes_logits(network: Any) -> bool | None:
    """What the compiled loss expects; None if there is none."""
    loss = getattr(network, "loss", None) if network.compiled else None
    if loss is None:
        return None
    return bool(getattr(loss, "get_config", dict)().get("from_logits", False))


def _take_away(layer: Any, expected: str) -> str:
    """Make a layer's final activation the identity, and say what it was."""
    if layer is None:
        return ""
    if isinstance(layer, keras.layers.Softmax) and expected == "softmax":
        layer.call = lambda inputs, mask=None: inputs
        return "softmax"
    activation = getattr(layer, "activation", None)
    if activation is not getattr(keras.activations, expected):
        return ""
    layer.activation = keras.activations.linear
    return expected
