"""What the campaign does to a store needs each of its defences, and is done once."""

import json
from pathlib import Path

import numpy as np
import pytest
from campaign import damage
from campaign.damaged_states import damages_of
from campaign.run import output_of

from paribus.store.tensors import write_tensors


# In a process of its own: one that has loaded JAX cannot fork.
TRY = """
import json, sys
from campaign import damage
from paribus.store.ledger import Ledger
weaken, kind = sys.argv[1:]
if weaken == "digests":
    Ledger._verified = lambda self, table, written: table.row(*written[:-1])
if weaken == "totals":
    Ledger._check_total = lambda self, table, n_rows, digests: None
with damage.grown() as (place, states):
    outcome = getattr(damage, kind)(place, states, every=4)
print(json.dumps([outcome.n, outcome.violations]))
"""


def tried(weaken: str, kind: str) -> tuple[int, list[str]]:
    """How often a quarter of a kind of damage was done to a store, and what broke."""
    n, violations = json.loads(output_of(TRY, weaken, kind))
    return n, violations


@pytest.mark.parametrize(
    ("kind", "n_least"), [("change_columns", 23), ("put_older_pages", 20)]
)
def test_a_store_notices_each_damage(kind: str, n_least: int):
    n, violations = tried("nothing", kind)

    assert n >= n_least
    assert violations == []


@pytest.mark.parametrize(
    ("weaken", "kind"),
    [("digests", "change_columns"), ("totals", "put_older_pages")],
)
def test_without_a_defence_a_wrong_value_is_shown(weaken: str, kind: str):
    _, violations = tried(weaken, kind)

    assert any("a wrong value is shown" in text for text in violations)


def test_no_damage_of_a_store_is_done_twice():
    one, other = bytes(damage.PAGE), b"1" * damage.PAGE
    sound = one + one + other + one  # the second and the fourth are the same

    assert len({bytes(content) for _, content in damage._flips(sound[:9], 72)}) == 72
    assert damage._pairs(sound) == [(1, 2), (2, 3)]
    pages = [what for what, _ in damage._older_pages([other, one, other, sound])]
    assert pages == ["page 0 of commit 0"]


def test_no_damage_of_a_state_is_done_twice(tmp_path: Path):
    arrays = {"state": np.arange(20, dtype=np.float32)}
    content = b"".join(write_tensors(arrays))
    begin = len(content) - 80
    ends: list[tuple[str, bytes]] = []
    for how, damage_it in damages_of(content, 300):
        file = tmp_path / how / "state"
        file.parent.mkdir()
        file.write_bytes(content)
        damage_it(file)
        (found,) = [*file.parent.iterdir()] or [None]
        ends.append((found.name, found.read_bytes()) if found else ("", b""))

    assert len(ends) == len(set(ends)) == 300
    assert all(end != ("state", content) for end in ends)
    struck = {
        at
        for _, left in ends
        if len(left) == len(content) and any(left)
        for at in range(begin)
        if left[at] != content[at]
    }
    assert struck == set(range(begin))
