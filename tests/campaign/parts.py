"""The parts of the campaign, and how large each is in CI and before a release."""

from collections.abc import Callable, Iterable, Mapping

from campaign.outcome import Outcome


# A part's name -> size -> what makes it. What it needs is imported when it runs: the
# store's parts must fork before anything has loaded JAX.
Part = Callable[[str], Iterable[Outcome]]


def _n(size: str, ci: int, release: int) -> int:
    return {"ci": ci, "release": release}[size]


def _syscalls(size: str) -> Iterable[Outcome]:
    from campaign import syscalls

    if size == "ci":
        return syscalls.run(errors={"ENOSPC": 5, "EIO": 6})
    errors = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "ENOSPC+")
    return syscalls.run(errors=dict.fromkeys(errors, 1))


def _writers(size: str) -> Iterable[Outcome]:
    from campaign import kills

    return kills.kill_writers(_n(size, 300, 10_000))


def _trainers(size: str) -> Iterable[Outcome]:
    from campaign import kills

    return kills.kill_trainers(_n(size, 20, 300))


def _power(size: str) -> Iterable[Outcome]:
    from campaign import power

    return power.cut_power(_n(size, 200, 20_000))


def _phases(size: str) -> Iterable[Outcome]:
    from campaign import phases

    return phases.kill_at_phases(_n(size, 1, 50))


def _chains(size: str) -> Iterable[Outcome]:
    from campaign import phases

    return phases.kill_in_chains(_n(size, 1, 100))


def _damage(size: str) -> Iterable[Outcome]:
    from campaign import damage, damaged_states

    yield from damage.run(
        n_flips=_n(size, 400, 5000),
        n_cuts=_n(size, 100, 1000),
        n_swaps=_n(size, 20, 500),
    )
    yield from damaged_states.spoil_states(_n(size, 60, 1000))


def _races(size: str) -> Iterable[Outcome]:
    from campaign import crowd

    yield from crowd.race_writers(_n(size, 200, 1000))
    yield from crowd.race_migrations(_n(size, 20, 200))


def _trainer_races(size: str) -> Iterable[Outcome]:
    from campaign import crowd

    return crowd.race_trainers(_n(size, 3, 200))


def _meetings(size: str) -> Iterable[Outcome]:
    from campaign import meetings

    # All take ten minutes; and whoever has the lock meets nobody.
    return meetings.meet(step=_n(size, 80, 1))


def _readers(size: str) -> Iterable[Outcome]:
    from campaign import crowd

    return crowd.read_under_load(_n(size, 6, 600))


def _disks(size: str) -> Iterable[Outcome]:
    from campaign import disks

    yield from disks.fill(step=_n(size, 2, 1))
    yield from disks.fill_beside_outputs(n_levels=_n(size, 2, 12))


def _trainer_disks(size: str) -> Iterable[Outcome]:
    from campaign import disks

    return disks.fill_beside_trainers(n_levels=_n(size, 3, 36))


def _poison(size: str) -> Iterable[Outcome]:
    from campaign import poison

    # As a CPU maps them, one after the other; and as a GPU does, all at once.
    widths = {"ci": (1,), "release": (1, poison.N_RUNS)}
    return poison.run(map_widths=widths[size])


def _bad_inputs(size: str) -> Iterable[Outcome]:
    from campaign import inputs

    return inputs.refuse_what_is_wrong({"ci": inputs.FAST, "release": ""}[size])


def _fuzz(size: str) -> Iterable[Outcome]:
    from campaign import inputs

    if size == "ci":
        return inputs.draw_inputs(inputs.FAST, is_once=True)
    return inputs.draw_inputs("", is_once=False)


PARTS: Mapping[str, Part] = {
    "syscalls": _syscalls,
    "writers": _writers,
    "power": _power,
    "damage": _damage,
    "races": _races,
    "meetings": _meetings,
    "readers": _readers,
    "disks": _disks,
    "poison": _poison,
    "trainers": _trainers,
    "phases": _phases,
    "chains": _chains,
    "trainer-races": _trainer_races,
    "trainer-disks": _trainer_disks,
    "bad-inputs": _bad_inputs,
    "fuzz": _fuzz,
}

# Those that train: in CI they take a core of their own.
PROGRAMS = "CAMPAIGN_PROGRAMS"  # names a folder where they leave what they compiled
TRAINING = ("trainers", "phases", "chains", "trainer-races", "trainer-disks")
# Those whose tests CI runs as they are, so not once more.
TESTED = ("bad-inputs", "fuzz")
# The least that a part must have tried in CI: fewer would prove less than is promised.
LEAST: Mapping[str, int] = {
    "syscalls": 2500,
    "writers": 300,
    "power": 120,
    "damage": 780,
    "races": 220,
    "meetings": 400,
    "readers": 20,
    "disks": 28,
    "poison": 240,
    "trainers": 20,
    "phases": 13,
    "chains": 1,
    "trainer-races": 3,
    "trainer-disks": 3,
}
