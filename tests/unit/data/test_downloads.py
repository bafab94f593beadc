import gzip
import hashlib
import http.server
import io
import tarfile
import threading
import warnings
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from needs import need

from paribus.data import load_dataset, named
from paribus.data.downloads import Download, fetch
from paribus.errors import DataError, ParibusWarning
from paribus.study import DataChoice


CONTENT = bytes(range(256)) * 40


class Server:
    """A real server on this machine, and what it was asked for."""

    def __init__(self, files, *, knows_ranges=True, cuts_after=None):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content = files.get(self.path.rpartition("/")[2])
                asked.append(self.headers.get("Range"))
                if content is None:
                    self.send_error(404)
                    return
                start = 0
                if knows_ranges and (wanted := self.headers.get("Range")):
                    start = int(wanted.removeprefix("bytes=").rstrip("-"))
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                end = None if cuts_after is None else start + cuts_after
                self.wfile.write(content[start:end])

            def log_message(self, format, *args):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def download_of(server, content=CONTENT, name="a.gz"):
    digest = hashlib.sha256(content).hexdigest()
    return Download(f"{server.url}/{name}", len(content), digest)


def fetched(server, folder, **kwargs):
    with pytest.warns(ParibusWarning, match="downloading"):
        return fetch(download_of(server, **kwargs), folder, hint="or by hand")


def test_a_file_is_downloaded_once(tmp_path):
    with Server({"a.gz": CONTENT}) as server:
        first = fetched(server, tmp_path / "new")
        again = fetch(download_of(server), tmp_path / "new", hint="")

    assert first == again
    assert first.read_bytes() == CONTENT
    assert server.asked == [None]
    assert [p.name for p in first.parent.iterdir()] == ["a.gz"]


def test_two_that_download_one_file_at_the_same_time_get_it(tmp_path):
    files, said = [], []
    with Server({"a.gz": CONTENT}) as server, warnings.catch_warnings():
        warnings.simplefilter("ignore", ParibusWarning)

        def get():
            try:
                files.append(fetch(download_of(server), tmp_path, hint=""))
            except DataError as error:
                said.append(error)

        threads = [threading.Thread(target=get) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert said == []
    assert [file.read_bytes() == CONTENT for file in files] == [True] * 4
    assert server.asked == [None]
    assert [path.name for path in tmp_path.iterdir()] == ["a.gz"]


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path, knows_ranges):
    with (
        Server({"a.gz": CONTENT}, cuts_after=1000) as server,
        pytest.raises(DataError, match="cannot be downloaded"),
    ):
        fetched(server, tmp_path)
    assert (tmp_path / "a.gz.part").stat().st_size == 1000

    with Server({"a.gz": CONTENT}, knows_ranges=knows_ranges) as server:
        file = fetched(server, tmp_path)

    assert server.asked == ["bytes=1000-"]
    assert file.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("served", "words"),
    [(CONTENT[:-1] + b"x", "expected SHA-256"), (CONTENT + b"x", "10,240 bytes")],
    ids=["other", "longer"],
)
def test_a_wrong_file_is_refused_and_not_kept(tmp_path, served, words):
    with Server({"a.gz": served}) as server, pytest.raises(DataError, match=words):
        fetched(server, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_said_with_a_hint(tmp_path):
    with (
        Server({}) as server,
        pytest.raises(DataError, match="cannot be downloaded: 404 Not Found") as caught,
    ):
        fetched(server, tmp_path)

    assert caught.value.hint == "or by hand"
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_there_is_a_hint(tmp_path):
    with Server({}) as server:
        pass  # nobody listens there any more

    with pytest.raises(DataError, match=r"cannot be downloaded: .*refused") as caught:
        fetched(server, tmp_path)

    assert caught.value.hint == "or by hand"


@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: b"x" + c[1:]], ids=["cut", "flipped"]
)
def test_a_damaged_file_in_the_cache_is_refused(tmp_path, change):
    with Server({"a.gz": CONTENT}) as server:
        file = fetched(server, tmp_path)
        file.write_bytes(change(CONTENT))

        with pytest.raises(DataError, match="must be the file that was released"):
            fetch(download_of(server), tmp_path, hint="")


def idx(array):
    sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: tmp_path)
    return tmp_path


def test_a_named_data_set_is_downloaded_into_the_cache(cache, monkeypatch):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(12, 4, 4)).astype(np.uint8)
    labels = (np.arange(12) % 3).astype(np.uint8)
    files = {
        "train-images-idx3-ubyte.gz": idx(images[:9]),
        "train-labels-idx1-ubyte.gz": idx(labels[:9]),
        "t10k-images-idx3-ubyte.gz": idx(images[9:]),
        "t10k-labels-idx1-ubyte.gz": idx(labels[9:]),
    }
    with Server(files) as server:
        data = named.NAMED["kmnist"]._replace(
            downloads=tuple(download_of(server, c, name=n) for n, c in files.items())
        )
        monkeypatch.setitem(named.NAMED, "kmnist", data)
        with pytest.warns(ParibusWarning, match="kmnist"):
            dataset = load_dataset(DataChoice(name="kmnist"), folder=cache)

    np.testing.assert_array_equal(dataset.train.inputs, images[:9])
    assert dataset.name == "KMNIST"
    assert "CC BY-SA" in dataset.source
    assert len(list((cache / "data" / "kmnist").iterdir())) == 4


def test_cifar_is_read_from_its_archive_without_unpacking_it(cache, monkeypatch):
    rng = np.random.default_rng(0)
    records = rng.integers(0, 10, size=(6, 4, 3073)).astype(np.uint8)
    records[..., 0] = np.arange(24).reshape(6, 4) % 10
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in zip(names, records, strict=True):
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = content.nbytes
            archive.addfile(info, io.BytesIO(content.tobytes()))
    with Server({"c.tar.gz": packed.getvalue()}) as server:
        data = named.NAMED["cifar10"]._replace(
            downloads=(download_of(server, packed.getvalue(), name="c.tar.gz"),)
        )
        monkeypatch.setitem(named.NAMED, "cifar10", data)
        with pytest.warns(ParibusWarning):
            dataset = load_dataset(DataChoice(name="cifar10"), folder=cache)

    assert dataset.example_shape == (32, 32, 3)
    # Example 5 is the second of the second file: its green value in row 3, column 7.
    green = records[1, 1, 1 + 1024 + 3 * 32 + 7]
    assert dataset.train.inputs[5, 3, 7, 1] == green
    assert dataset.splits["test"].labels.tolist() == records[5, :, 0].tolist()
    assert [p.name for p in (cache / "data" / "cifar10").iterdir()] == ["c.tar.gz"]


def test_fashion_mnist_of_debian_is_the_real_one():
    of_debian = Path("/usr/share/datasets/fashion-mnist")
    need("Debian's package dataset-fashion-mnist", is_there=of_debian.is_dir())

    dataset = load_dataset(DataChoice(name="fashion_mnist"), folder=Path())

    facts = dataset.facts()
    assert (facts.n_train, facts.n_test, facts.n_classes) == (60_000, 10_000, 10)
    assert facts.example_shape == (28, 28)
    # Every class has a tenth (Xiao et al. 2017); the first training image is a boot.
    assert np.bincount(dataset.train.labels).tolist() == [6000] * 10
    assert dataset.train.labels[0] == 9
