"""A number predicted from the other columns of a CSV file of your own.

python examples/regression_on_csv.py houses.csv --target price
python examples/regression_on_csv.py houses.csv --target price --seeds 2 --epochs 2
"""

import argparse

import paribus as pb


parser = argparse.ArgumentParser()
parser.add_argument("table", help="a CSV file, one row per example")
parser.add_argument("--target", required=True, help="the column to predict")
parser.add_argument("--validation", type=int, default=100, help="rows held out")
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--epochs", type=int, default=20)
options = parser.parse_args()

study = pb.Study(
    name="regression-on-csv",
    data=pb.data.file(
        options.table,
        target=options.target,
        validation=options.validation,
        standardise=True,
    ),
    task={"kind": "regression", "standardise": True},
    model=pb.models.mlp(hidden=[32]),
    optimizer=pb.optimizers.adam(),
    space=pb.grid(learning_rate=[1e-4, 1e-3, 1e-2], batch_size=[16]),
    epochs=options.epochs,
    seeds=options.seeds,
    evaluate_every=1,
)
result = study.run()
print(result)
slow, fast = {"learning_rate": 1e-3}, {"learning_rate": 1e-2}
print(result.compare(slow, fast, metric="test_rmse"))
print(f"wrote {result.report()}")
