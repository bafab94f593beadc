"""Functions that build Keras networks, as users write them; none asserts."""

import os
from typing import Any


os.environ["KERAS_BACKEND"] = "jax"

N_TOKENS = 11


def notebook(learning_rate: float = 0.001) -> Any:
    """The body of the notebook's loop, as it stands there."""
    import keras

    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def dense(*, l2: float = 1e-3) -> Any:
    """Two hidden layers, one normalised, with penalties on weights and activations."""
    import keras
    from keras import layers, regularizers

    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(16, kernel_regularizer=regularizers.L2(l2)),
            layers.LayerNormalization(),
            layers.Activation("gelu"),
            layers.Dense(12, "relu", activity_regularizer=regularizers.L1(1e-4)),
            layers.Dense(3),
        ]
    )


def convolution() -> Any:
    """The common example: two convolutions, pooling, dropout."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, 2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.4),
            layers.Dense(3),
        ]
    )


def normalised() -> Any:
    """Batch statistics behind a convolution and a dense layer."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(6, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(10, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.Activation("relu"),
            layers.Dense(3),
        ]
    )


def residual() -> Any:
    """A functional model with two ways past a block."""
    import keras
    from keras import layers

    inputs = keras.Input((8, 8, 1))
    entered = layers.Conv2D(6, 3, padding="same")(inputs)
    inner = layers.BatchNormalization()(entered)
    inner = layers.Activation("relu")(inner)
    inner = layers.Conv2D(6, 3, padding="same")(inner)
    inner = layers.SpatialDropout2D(0.2)(inner)
    joined = layers.Add()([entered, inner])
    pooled = layers.GlobalAveragePooling2D()(joined)
    return keras.Model(inputs, layers.Dense(3)(pooled))


def recurrent() -> Any:
    """Embedded tokens, a GRU and an LSTM with dropout."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((7,)),
            layers.Embedding(N_TOKENS, 5),
            layers.GRU(6, return_sequences=True),
            layers.LSTM(6, dropout=0.2),
            layers.Dense(3),
        ]
    )


def augmented() -> Any:
    """Images that are flipped, moved and made noisy in training alone."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.2, 0.2),
            layers.GaussianNoise(0.1),
            layers.SeparableConv2D(6, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(3),
        ]
    )


ARCHITECTURES = {
    function.__name__: function
    for function in (dense, convolution, normalised, residual, recurrent, augmented)
}
