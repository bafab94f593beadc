"""A Flax NNX network with batch statistics and dropout, at two widths.

Needs `pip install 'paribus[flax]'`.

python examples/flax_batch_norm.py
python examples/flax_batch_norm.py --seeds 2 --train 500 --epochs 1 --widths 2 4
"""

import argparse

from flax import nnx

import paribus as pb


parser = argparse.ArgumentParser()
parser.add_argument("--seeds", type=int, default=5)
parser.add_argument("--train", type=int, default=10_000, help="images to train on")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--widths", type=int, nargs="+", default=[8, 16])
options = parser.parse_args()


class Network(nnx.Module):
    def __init__(self, width: int = 16, *, rngs: nnx.Rngs):
        self.convolution = nnx.Conv(1, width, (3, 3), strides=2, rngs=rngs)
        self.norm = nnx.BatchNorm(width, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.out = nnx.Linear(14 * 14 * width, 10, rngs=rngs)

    def __call__(self, images):
        x = self.norm(self.convolution(images[..., None]))
        return self.out(self.dropout(nnx.relu(x).reshape(len(x), -1)))


study = pb.Study(
    name="flax-batch-norm",
    data=pb.data.mnist(validation=5000, train=options.train),
    model=Network,
    optimizer=pb.optimizers.adam(),
    space=pb.grid(learning_rate=[1e-3, 1e-2], width=options.widths, batch_size=[128]),
    epochs=options.epochs,
    seeds=options.seeds,
    evaluate_every=1,
)
result = study.run()
print(result)
print(f"wrote {result.report()}")
