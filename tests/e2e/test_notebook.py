"""A real notebook: the study and its result show themselves, progress in one place."""

from pathlib import Path

import nbclient
import nbformat
import pytest
from builders import write_blobs


CELLS = [
    """
import paribus as pb
study = pb.Study(
    name="blobs",
    data=pb.data.npz("blobs.npz", validation=20),
    model=pb.models.mlp(hidden=[8]),
    optimizer=pb.optimizers.adam(),
    space=pb.grid(learning_rate=[0.01, 0.1], batch_size=[16]),
    epochs=2, seeds=2, evaluate_every=1,
)
study
""",
    "result = study.run(device='cpu')",
    "result",
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # inside Jupyter
def test_a_notebook_shows_study_progress_and_result(tmp_path: Path):
    write_blobs(tmp_path / "blobs.npz")
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, CELLS)])

    where = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, kernel_name="python3", resources=where).execute()

    study, progress, result = (shown(cell) for cell in notebook.cells)
    assert "4 runs: 2 configs, 2 seeds" in study[0]
    assert len(progress) == 1  # rewritten, not repeated
    assert "4 of 4 runs" in progress[0]
    assert "4 of 4 runs finished" in result[0]
    assert "<table" in result[0]


def shown(cell: nbformat.NotebookNode) -> list[str]:
    """The HTML below a cell; below a cell is nothing of ours on a stream."""
    streams = [o.text for o in cell.outputs if o.output_type == "stream"]
    assert not any("runs" in text for text in streams)
    return [o.data["text/html"] for o in cell.outputs if "data" in o]
