"""Runs that somebody else trained and published, judged as ours would be.

The file is a CSV with a row per run and evaluation; `tests/data` has one: 135 runs of
DeepOBS, three optimizers on Fashion-MNIST. Nothing is trained.

python examples/other_peoples_runs.py tests/data/deepobs_fmnist_2c2d.csv.gz
"""

import argparse
from collections import Counter

import paribus as pb


parser = argparse.ArgumentParser()
parser.add_argument("curves", help="optimizer,learning_rate,seed,epoch,... as CSV")
options = parser.parse_args()

result = pb.import_curves(
    options.curves,
    hyperparameters=["optimizer", "learning_rate"],
    data="Fashion-MNIST",
    n_train=59_904,
    n_test=9_984,
    n_classes=10,
)
columns = ["optimizer", "learning_rate", "test_accuracy"]
print(result.table().query("n_seeds >= 10")[columns])  # the others were trained once
adam = {"optimizer": "adam", "learning_rate": 0.000251189}
sgd = {"optimizer": "sgd", "learning_rate": 0.158489}
print(result.compare(adam, sgd))
print(
    Counter(atom.verdict.value for claim in result.verdicts() for atom in claim.atoms)
)
print(f"wrote {result.report()}")
