"""An Equinox network under two optimizers, each with its own learning rates.

Needs `pip install 'paribus[equinox]'`.

python examples/equinox_optimizers.py
python examples/equinox_optimizers.py --seeds 2 --train 500 --epochs 1
"""

import argparse

import equinox as eqx
import jax
import jax.numpy as jnp

import paribus as pb


parser = argparse.ArgumentParser()
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--train", type=int, default=10_000, help="images to train on")
parser.add_argument("--epochs", type=int, default=3)
options = parser.parse_args()


def network(key, width=64):
    first, second = jax.random.split(key)
    return eqx.nn.Sequential(
        [
            eqx.nn.Lambda(jnp.ravel),  # the module takes one example
            eqx.nn.Linear(784, width, key=first),
            eqx.nn.LayerNorm(width),
            eqx.nn.Lambda(jax.nn.relu),
            eqx.nn.Linear(width, 10, key=second),
        ]
    )


study = pb.Study(
    name="equinox-optimizers",
    data=pb.data.mnist(validation=5000, train=options.train),
    model=network,
    space=[
        pb.grid(optimizer=["sgd"], learning_rate=[0.1, 0.3], batch_size=[128]),
        pb.grid(optimizer=["adam"], learning_rate=[1e-3, 3e-3], batch_size=[128]),
    ],
    epochs=options.epochs,
    seeds=options.seeds,
    evaluate_every=1,
)
result = study.run()
print(result)
sgd = {"optimizer": "sgd", "learning_rate": 0.1}
adam = {"optimizer": "adam", "learning_rate": 1e-3}
print(result.compare(sgd, adam))
print(f"wrote {result.report()}")
