"""A Keras convolutional network over four learning rates, as its loop would build it.

Needs `pip install 'paribus[keras]'`.

python examples/keras_cnn.py
python examples/keras_cnn.py --seeds 2 --train 500 --epochs 1 --channels 4 8
"""

import argparse

import paribus as pb


parser = argparse.ArgumentParser()
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--train", type=int, default=10_000, help="images to train on")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--channels", type=int, nargs=2, default=[32, 64])
options = parser.parse_args()


def build(learning_rate=0.001):
    import keras

    first, second = options.channels
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(first, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(second, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


study = pb.Study(
    name="keras-cnn",
    data=pb.data.mnist(validation=5000, train=options.train),
    model=build,
    space=pb.grid(learning_rate=[3e-4, 1e-3, 3e-3, 1e-2], batch_size=[128]),
    epochs=options.epochs,
    seeds=options.seeds,
    evaluate_every=1,
)
result = study.run()
print(result)
print(f"wrote {result.report()}")
