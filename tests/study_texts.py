"""Study files, for the tests that start from one."""

from pathlib import Path


def study_text(
    name: str = "tiny",
    *,
    study: str = "seeds = 2\nepochs = 1",
    data: str = 'path = "blobs.npz"',
    model: str = 'name = "mlp"\nhidden = [8]',
    optimizer: str = 'name = "adam"',
    space: str = "learning_rate = [0.01, 0.1]\nbatch_size = [16]",
    more: str = "",
) -> str:
    """A study file: the lines of each table, and what follows its one [[space]]."""
    tables = {"[study]": f'name = "{name}"\n{study}', "[data]": data}
    tables |= {"[model]": model, "[optimizer]": optimizer, "[[space]]": space}
    text = "".join(f"{title}\n{lines}\n" for title, lines in tables.items())
    return text + more


def write_text(folder: Path, text: str) -> Path:
    """Write a study file, `tiny.toml`."""
    path = folder / "tiny.toml"
    path.write_text(text)
    return path
