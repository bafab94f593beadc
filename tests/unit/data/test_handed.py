from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import paribus as pb
from paribus.data import load_dataset
from paribus.errors import DataError, StudyError, UserCodeError


INPUTS = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
LABELS = np.arange(10) % 2


class FakeDataset:
    """As `datasets.Dataset`: columns by name."""

    def __init__(self, **columns):
        self._columns = columns
        self.column_names = list(columns)

    def __getitem__(self, name):
        return self._columns[name]


class FakeTensor:
    """As a tensor that needs a gradient: NumPy may only have what is detached."""

    def __init__(self, values, *, is_detached=False):
        self._values, self._is_detached = np.asarray(values), is_detached

    def detach(self):
        return FakeTensor(self._values, is_detached=True)

    def __array__(self, dtype=None, copy=None):
        if not self._is_detached:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        return self._values.astype(dtype or self._values.dtype)


class FakeTorchDataset:
    """As a map-style `torch.utils.data.Dataset`: nothing but a length and places."""

    def __len__(self):
        return len(INPUTS)

    def __getitem__(self, place):
        if not 0 <= place < len(INPUTS):
            raise AssertionError("asked for a place that is not there")
        return FakeTensor(INPUTS[place]), int(LABELS[place])


class FakeStream:
    """As an `IterableDataset`."""

    def __iter__(self):
        return iter(zip(INPUTS, LABELS, strict=True))


def splits_of(choice, folder):
    return load_dataset(choice, folder=folder).splits


def same_data(choice, tmp_path):
    expected = splits_of(pb.data.arrays(INPUTS, LABELS), tmp_path)
    found = splits_of(choice, tmp_path)
    assert found.keys() == expected.keys()
    for name, split in expected.items():
        np.testing.assert_array_equal(found[name].inputs, split.inputs)
        np.testing.assert_array_equal(found[name].labels, split.labels)
        assert found[name].inputs.dtype == split.inputs.dtype


def test_arrays_of_two_splits_are_taken_as_they_are(tmp_path):
    choice = pb.data.arrays(INPUTS[:8], LABELS[:8], INPUTS[8:], LABELS[8:], name="mine")

    dataset = load_dataset(choice, folder=tmp_path)

    assert dataset.name == "mine"
    np.testing.assert_array_equal(dataset.train.inputs, INPUTS[:8])
    np.testing.assert_array_equal(dataset.splits["test"].inputs, INPUTS[8:])


@pytest.mark.parametrize(
    "choice",
    [
        pb.data.arrays(INPUTS.tolist(), LABELS.tolist()),
        pb.data.huggingface(FakeDataset(image=list(INPUTS), label=LABELS.tolist())),
        pb.data.huggingface(
            {"train": FakeDataset(idx=range(10), x=INPUTS.tolist(), y=LABELS)},
            inputs="x",
            target="y",
        ),
        pb.data.torch(FakeTorchDataset()),
        pb.data.torch(SimpleNamespace(dataset=FakeTorchDataset(), batch_size=3)),
        pb.data.torch(FakeStream()),
        pb.data.sklearn(SimpleNamespace(data=INPUTS, target=LABELS)),
        pb.data.loader(lambda: (INPUTS, LABELS)),
        pb.data.loader(lambda: {"x": INPUTS, "y": LABELS, "other": None}),
    ],
    ids=[
        "lists",
        "hugging-face",
        "dictionary",
        "torch",
        "loader",
        "stream",
        "bunch",
        "own-loader",
        "own-dictionary",
    ],
)
def test_each_kind_of_data_is_the_same_data(tmp_path, choice):
    same_data(choice, tmp_path)


def test_real_torch_data_are_understood(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    data = torch.utils.data
    tensors = torch.tensor(INPUTS, requires_grad=True), torch.tensor(LABELS)
    dataset = data.TensorDataset(*tensors)

    same_data(pb.data.torch(dataset), tmp_path)
    same_data(pb.data.torch(data.DataLoader(dataset, batch_size=3)), tmp_path)


def test_real_bunches_are_understood(tmp_path):
    datasets = pytest.importorskip(
        "sklearn.datasets", reason="scikit-learn is not installed"
    )

    iris = splits_of(pb.data.sklearn(datasets.load_iris()), tmp_path)
    frame = splits_of(pb.data.sklearn(datasets.load_iris(as_frame=True)), tmp_path)

    assert (len(iris["train"]), len(iris["test"])) == (120, 30)
    np.testing.assert_array_equal(iris["train"].inputs, frame["train"].inputs)
    np.testing.assert_array_equal(iris["train"].labels, frame["train"].labels)


def test_a_frame_is_read_as_a_table(tmp_path):
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": list("xyxy"), "c": list("nnmm")})

    choice = pb.data.frame(table, table, target="c", validation=1)

    splits = splits_of(choice, tmp_path)
    assert splits["test"].inputs.tolist() == [
        [1, 1, 0],
        [2, 0, 1],
        [3, 1, 0],
        [4, 0, 1],
    ]
    assert splits["test"].labels.tolist() == [1, 1, 0, 0]
    assert len(splits["validation"]) == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pb.data.arrays(INPUTS, LABELS[:9]), "as many rows, got 10 and 9"),
        (lambda: pb.data.arrays(INPUTS, LABELS, INPUTS), "must be given together"),
        (lambda: pb.data.arrays([[1], [1, 2]], [0, 1]), "examples of one shape"),
        (lambda: pb.data.arrays([], []), "must have rows"),
        (lambda: pb.data.arrays(INPUTS, ["a"] * 10), "only class `a`"),
        (
            lambda: pb.data.arrays(INPUTS, LABELS.astype(str), INPUTS, ["7"] * 10),
            "labels of the training split, got `7`",
        ),
        (lambda: pb.data.torch(INPUTS), "must give pairs .*first at index 0"),
        (lambda: pb.data.sklearn(SimpleNamespace(data=INPUTS)), "no `target`"),
        (lambda: pb.data.huggingface({"all": FakeDataset(x=[1])}), "split `train`"),
        (
            lambda: pb.data.huggingface(
                FakeDataset(image=[INPUTS[0], INPUTS[0][:1]] * 5, label=LABELS)
            ),
            "examples of one shape, got .2, 3. and .1, 3. .first at index 1",
        ),
    ],
)
def test_what_is_no_data_set_is_refused_when_it_is_handed_in(make, words):
    with pytest.raises(DataError, match=words):
        make()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"x": INPUTS, "lable": LABELS}, "must be a column of .* got `label`"),
        ({"x": INPUTS, "z": INPUTS, "label": LABELS}, "to predict by, got None"),
    ],
)
def test_columns_that_are_not_there_are_named(columns, words):
    with pytest.raises(StudyError, match=words) as caught:
        pb.data.huggingface(FakeDataset(**columns))

    assert caught.value.hint


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "got NoneType"),
        (iter([1]), "got list_iterator"),
        ((INPUTS, LABELS, LABELS), "got 3 values"),
        ({"a": INPUTS}, "got a dictionary of `a`"),
    ],
)
def test_a_loader_that_returns_something_else_is_told_so(tmp_path, returned, words):
    choice = pb.data.loader(lambda: returned)

    with pytest.raises(UserCodeError, match=words):
        load_dataset(choice, folder=tmp_path)


def test_a_loader_that_raises_is_told_with_its_own_frames(tmp_path):
    def load():
        raise KeyError("nowhere")

    with pytest.raises(UserCodeError, match="cannot load data: KeyError: 'nowhere'"):
        load_dataset(pb.data.loader(load), folder=tmp_path)


def test_handed_in_data_are_not_written_into_the_study():
    choice = pb.data.arrays(INPUTS, LABELS, validation=2)

    assert "given" not in choice.to_dict()
    assert type(choice)(**choice.to_dict()) == choice
