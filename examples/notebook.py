"""The course notebook's three learning rates and three batch sizes, many seeds each.

python examples/notebook.py                             as the notebook, ten seeds each
python examples/notebook.py --seeds 2 --train 2000      a quick look
"""

import argparse

import paribus as pb


parser = argparse.ArgumentParser()
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--train", type=int, default=60_000, help="images to train on")
options = parser.parse_args()

study = pb.Study(
    name="notebook-example",
    data=pb.data.mnist(train=options.train),
    model=pb.models.mlp(hidden=[128]),
    optimizer=pb.optimizers.keras_adam(),
    space=[
        pb.grid(learning_rate=[0.001, 0.01, 0.1], batch_size=[32]),
        pb.grid(learning_rate=[0.01], batch_size=[32, 64, 128]),
    ],
    epochs=5,
    seeds=options.seeds,
    evaluate_every=1,
)
result = study.run()
print(result)
print(result.compare({"learning_rate": 0.001}, {"learning_rate": 0.01}))
print(result.verdicts())
print(f"wrote {result.report()}")
