import gzip
import io

import numpy as np
import pandas as pd
import pytest
from builders import write_blobs

from paribus.data import load_dataset, npy
from paribus.data.reading import HowToRead, read_path
from paribus.errors import DataError, StudyError
from paribus.study import DataChoice


IRIS = """\
length,width,colour,fresh,kind
1.5,2,red,True,setosa
2.5,3,blue,False,virginica
3.5,4,red,True,setosa
4.5,5,green,False,virginica
5.5,6,green,True,setosa
"""
# As HowToRead's one-hot coding has it: colours in alphabetical order.
ONE_HOT = [
    [1.5, 2, 0, 0, 1, 1],
    [2.5, 3, 1, 0, 0, 0],
    [3.5, 4, 0, 0, 1, 1],
    [4.5, 5, 0, 1, 0, 0],
    [5.5, 6, 0, 1, 0, 1],
]


def read(tmp_path, path, **how):
    return read_path(path, HowToRead(**how), folder=tmp_path)


def all_rows(dataset):
    """Inputs and labels of every split, in the order of the first input."""
    inputs = np.concatenate([s.inputs for s in dataset.splits.values()])
    labels = np.concatenate([s.labels for s in dataset.splits.values()])
    order = np.argsort(inputs.reshape(len(inputs), -1)[:, 0])
    return inputs[order], labels[order]


def idx(array):
    codes = {"uint8": 8, "int32": 0x0C, "float32": 0x0D}
    head = bytes([0, 0, codes[str(array.dtype)], array.ndim])
    sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def test_a_csv_table_becomes_numbers_with_one_input_per_text(tmp_path):
    (tmp_path / "iris.csv").write_text(IRIS)

    dataset = read(tmp_path, "iris.csv", target="kind")

    inputs, labels = all_rows(dataset)
    assert inputs.tolist() == ONE_HOT
    assert labels.tolist() == [0, 1, 0, 1, 0]
    assert dataset.n_classes == 2
    notes = " ".join(dataset.notes)
    assert "Labels: 0 = setosa, 1 = virginica." in notes
    assert "colour (3)" in notes


def test_texts_may_be_coded_as_one_input(tmp_path):
    (tmp_path / "iris.csv").write_text(IRIS)

    dataset = read(tmp_path, "iris.csv", target="kind", categorical="codes")

    # blue 0, green 1, red 2
    assert all_rows(dataset)[0][:, 2].tolist() == [2, 0, 2, 1, 1]


@pytest.mark.parametrize("separator", [";", "\t"], ids=["semicolon", "tab"])
@pytest.mark.parametrize("is_packed", [True, False], ids=["gzip", "plain"])
def test_separators_and_packing_are_seen_by_content(tmp_path, separator, is_packed):
    (tmp_path / "iris.csv").write_text(IRIS)
    other = ("\ufeff" + IRIS.replace(",", separator)).encode()
    (tmp_path / "other").write_bytes(gzip.compress(other) if is_packed else other)

    first, second = (
        read(tmp_path, name, target="kind") for name in ("iris.csv", "other")
    )

    assert first.content_hash() == second.content_hash()


def test_parquet_holds_what_csv_holds(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "iris.csv").write_text(IRIS)
    frame = pd.read_csv(io.StringIO(IRIS))
    frame["colour"] = frame["colour"].astype("category")
    frame["width"] = frame["width"].astype("Int64")
    frame.to_parquet(tmp_path / "iris.parquet")

    first, second = (
        read(tmp_path, name, target="kind") for name in ("iris.csv", "iris.parquet")
    )

    assert first.content_hash() == second.content_hash()


def test_a_folder_may_hold_both_splits_of_a_table(tmp_path):
    lines = IRIS.splitlines(keepends=True)
    (tmp_path / "train.csv").write_text("".join(lines[:4]))
    (tmp_path / "test.csv").write_text(lines[0] + "".join(lines[4:]))

    dataset = read(tmp_path, ".", target="kind")

    # Green stands in the test split alone, and has an input in both.
    assert dataset.train.inputs.tolist() == ONE_HOT[:3]
    assert dataset.splits["test"].inputs.tolist() == ONE_HOT[3:]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, "must name the column of `iris.csv` to predict: `length`, `width`"),
        ("knid", "must be a column of `iris.csv`, got `knid`"),
    ],
)
def test_a_table_needs_a_column_to_predict(tmp_path, target, words):
    (tmp_path / "iris.csv").write_text(IRIS)

    with pytest.raises(StudyError, match=words):
        read(tmp_path, "iris.csv", target=target)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2.5", "", "column `length` of `iris.csv` must have a value in .* line 3"),
        ("2.5", "inf", "column `length` .* must be finite, got inf in line 3"),
        (
            "2.5",
            "about 2",
            "column `length` .* must hold numbers, got `about 2` in line 3",
        ),
        ("blue", "", "column `colour` .* must have a value in every row"),
        ("setosa", "", "column `kind` .* must have a value in every row"),
        ("width", "length", "has the column `length` twice"),
        ("length,width,colour,fresh,kind", "1,2,3,4,5", "name its columns"),
        ("blue,", "blue,,,,", "is no table: .* line 3"),
    ],
)
def test_cells_that_are_no_data_are_named_with_their_line(tmp_path, old, new, words):
    (tmp_path / "iris.csv").write_text(IRIS.replace(old, new, 1))

    with pytest.raises(DataError, match=words):
        read(tmp_path, "iris.csv", target="kind")


def test_a_column_of_names_is_no_category(tmp_path):
    rows = "".join(f"{k},name{k},{k % 2}\n" for k in range(101))
    (tmp_path / "names.csv").write_text("x,name,y\n" + rows)

    with pytest.raises(DataError, match=r"`name` .* at most 100 .* got 101"):
        read(tmp_path, "names.csv", target="y")


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_idx_files_in_a_folder_are_two_splits(tmp_path, pack):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(9, 4, 5)).astype(np.uint8)
    labels = (np.arange(9) % 3).astype(np.uint8)
    suffix = ".gz" if pack is gzip.compress else ""
    for name, array in {
        "train-images-idx3": images[:6],
        "train-labels-idx1": labels[:6],
        "t10k-images-idx3": images[6:],
        "t10k-labels-idx1": labels[6:],
    }.items():
        (tmp_path / f"{name}-ubyte{suffix}").write_bytes(pack(idx(array)))

    dataset = read(tmp_path, ".")

    np.testing.assert_array_equal(dataset.train.inputs, images[:6])
    np.testing.assert_array_equal(dataset.splits["test"].inputs, images[6:])
    assert dataset.splits["test"].labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_a_file_of_inputs_has_its_labels_beside_it(tmp_path, dtype):
    inputs = np.arange(20).reshape(10, 2).astype(dtype)
    labels = (np.arange(10) % 2).astype(np.uint8)
    (tmp_path / "in.idx").write_bytes(idx(inputs))
    (tmp_path / "out.idx").write_bytes(idx(labels))
    np.save(tmp_path / "in.npy", inputs)
    np.save(tmp_path / "out.npy", labels)

    of_idx = read(tmp_path, "in.idx", target="out.idx")
    of_npy = read(tmp_path, "in.npy", target="out.npy")

    assert of_idx.content_hash() == of_npy.content_hash()
    assert all_rows(of_idx)[0].tolist() == inputs.tolist()
    with pytest.raises(StudyError, match="must name the file of labels"):
        read(tmp_path, "in.npy")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c[:-1], "expected 56 bytes for shape .10, 2, 2., got 55"),
        (lambda c: c + b"x", "expected 56 bytes .* got 57"),
        (lambda c: c[:3] + b"\x7f" + c[4:], "must begin as an IDX file"),
    ],
    ids=["cut", "longer", "dimensions"],
)
def test_damaged_idx_files_are_refused(tmp_path, change, words):
    content = idx(np.zeros((10, 2, 2), np.uint8))
    (tmp_path / "in.idx").write_bytes(change(content))
    (tmp_path / "out.idx").write_bytes(idx((np.arange(10) % 2).astype(np.uint8)))

    with pytest.raises(DataError, match=words):
        read(tmp_path, "in.idx", target="out.idx")


def test_a_memory_map_holds_the_same_data(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(100, 7)).astype(np.float32))
    np.save(tmp_path / "y.npy", np.arange(100) % 4)
    choice = DataChoice(path=".", validation=10, train=50, standardise=True)

    in_memory = load_dataset(choice, folder=tmp_path)
    monkeypatch.setattr(npy, "MAP_BYTES", 1000)
    mapped = load_dataset(choice, folder=tmp_path)

    assert all(split.is_mapped for split in mapped.splits.values())
    assert not any(split.is_mapped for split in in_memory.splits.values())
    assert mapped.facts() == in_memory.facts()
    for name, split in in_memory.splits.items():
        gathered = mapped.splits[name].gathered()
        np.testing.assert_array_equal(gathered.inputs, split.inputs)
        np.testing.assert_array_equal(gathered.labels, split.labels)
    assert in_memory.scaling is not None
    assert mapped.scaling is not None
    np.testing.assert_array_equal(mapped.scaling.mean, in_memory.scaling.mean)


def test_standardising_uses_the_training_split_alone(tmp_path):
    rng = np.random.default_rng(0)
    x_train, x_test = rng.normal(5, 3, size=(50, 4)), rng.normal(900, 1, size=(9, 4))
    x_train[:, 3] = 2.5  # constant: divided by nothing
    np.savez(
        tmp_path / "a.npz",
        x_train=x_train,
        y_train=np.arange(50) % 3,
        x_test=x_test,
        y_test=np.arange(9) % 3,
    )

    choice = DataChoice(path="a.npz", standardise=True)
    dataset = load_dataset(choice, folder=tmp_path)

    assert dataset.scaling is not None
    expected = x_train.astype(np.float32)
    np.testing.assert_allclose(dataset.scaling.mean, expected.mean(0), rtol=1e-6)
    np.testing.assert_allclose(
        dataset.scaling.deviation[:3], expected.std(0, dtype=float)[:3], rtol=1e-6
    )
    assert dataset.scaling.deviation[3] == 1
    assert "standardised" in dataset.notes[-1]


def test_each_colour_of_images_is_standardised_by_itself(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(40, 3, 5, 2)).astype(np.uint8)
    np.savez(tmp_path / "a.npz", x=images, y=np.arange(40) % 2)

    choice = DataChoice(path="a.npz", standardise=True)
    dataset = load_dataset(choice, folder=tmp_path)

    train = dataset.train.inputs.astype(float)
    assert dataset.scaling is not None
    np.testing.assert_allclose(dataset.scaling.mean, train.mean((0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(
        dataset.scaling.deviation, train.std((0, 1, 2)), rtol=1e-6
    )


@pytest.mark.parametrize("has_splits", [True, False], ids=["splits", "one"])
def test_a_folder_of_images_has_a_folder_for_each_class(tmp_path, has_splits):
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, size=(2, 2, 3, 4, 6)).astype(np.uint8)
    for s, split in enumerate(["train", "test"] if has_splits else [""]):
        for c, name in enumerate(["cat", "dog"]):
            folder = tmp_path / "pets" / split / name
            folder.mkdir(parents=True)
            (folder / ".hidden").write_text("not looked at")
            for k in range(3):
                image.fromarray(pixels[s, c, k]).save(folder / f"{k}.png")

    dataset = read(tmp_path, "pets")

    assert dataset.example_shape == (4, 6)
    inputs, labels = all_rows(dataset)
    expected = pixels[: 2 if has_splits else 1].reshape(-1, 4, 6)
    assert sorted(map(bytes, inputs)) == sorted(map(bytes, expected))
    dogs = {bytes(p) for p in pixels[:, 1].reshape(-1, 4, 6)}
    assert [bytes(i) in dogs for i in inputs] == (labels == 1).tolist()
    assert "0 = cat, 1 = dog" in dataset.notes[-1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no image", "`pets/dog/9.png` is not an image"),
        ("cut", "`pets/dog/9.png` is damaged or incomplete"),
        ("size", "must be 6 x 4 pixels as the first image, got 6 x 5"),
        ("depth", "8 bits per colour, got mode I;16"),
    ],
)
def test_images_that_cannot_be_used_are_named(tmp_path, content, words):
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    kinds = {"size": ((5, 6), np.uint8), "depth": ((4, 6), np.uint16)}
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for k in (1, 9):
            shape, dtype = kinds.get(content, ((4, 6), np.uint8))
            is_odd = (name, k) == ("dog", 9)
            pixels = rng.integers(0, 256, size=shape if is_odd else (4, 6))
            made = image.fromarray(pixels.astype(dtype if is_odd else np.uint8))
            made.save(tmp_path / "pets" / name / f"{k}.png")
    odd = tmp_path / "pets" / "dog" / "9.png"
    if content == "cut":
        odd.write_bytes(odd.read_bytes()[:60])
    elif isinstance(content, bytes):
        odd.write_bytes(content)

    with pytest.raises(DataError, match=words):
        read(tmp_path, "pets")


def test_colour_among_grey_images_makes_all_of_them_colour(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for name, mode in (("cat", "L"), ("dog", "RGB")):
        (tmp_path / name).mkdir()
        for k in range(3):
            image.new(mode, (2, 2), color=7).save(tmp_path / name / f"{k}.png")

    dataset = read(tmp_path, ".")

    assert dataset.example_shape == (2, 2, 3)


def test_an_empty_folder_is_refused_with_what_it_could_hold(tmp_path):
    with pytest.raises(DataError, match="must hold data") as caught:
        read(tmp_path, ".")

    assert "x_train.npy" in caught.value.hint


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    write_blobs(tmp_path / "a.npz")
    made = np.lib.format.read_magic

    def touch(stream):
        with (tmp_path / "a.npz").open("ab") as file:
            file.write(b"more")
        return made(stream)

    monkeypatch.setattr(np.lib.format, "read_magic", touch)

    with pytest.raises(DataError, match=r"`a.npz` changed while it was read"):
        read(tmp_path, "a.npz")


def test_a_packed_file_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("paribus.data.paths.MAX_UNPACKED_BYTES", 100_000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(10_000_000)))

    with pytest.raises(DataError, match=r"`a.gz` unpacks to more than"):
        read(tmp_path, "a.gz", target="y")
