"""How often a whole is decided wrongly where its parts lie on the boundary."""

import numpy as np
import pytest
from builders import all_counted
from claims_builders import make_rates

from paribus.claims.atoms import judge_all
from paribus.claims.evidence import Evidence
from paribus.claims.records import AtomVerdict, Verdict
from paribus.claims.rules import Bounds, judge_interval
from paribus.stats.contrasts import difference_interval
from paribus.stats.families import simultaneous_level
from paribus.stats.pareto import judge_balance


N_STUDIES = 4000
N_SEEDS = 10
SMALLEST_EFFECT = 0.5

Intervals = tuple[np.ndarray, np.ndarray]


def intervals(effects: np.ndarray, *, level: float, seed: int) -> Intervals:
    """Bounds [study, part] of paired differences whose standard deviation is 1."""
    rng = np.random.default_rng(seed)
    shape = (N_STUDIES, len(effects), N_SEEDS)
    x = (rng.normal(size=shape) + effects[:, None]).reshape(-1, N_SEEDS)
    found = difference_interval(x, all_counted(x), confidence_level=level, rng=rng)
    return found.lower.reshape(shape[:2]), found.upper.reshape(shape[:2])


def judge_studies(effects: np.ndarray, *, m: int, seed: int = 0) -> list[Verdict]:
    """The verdict of each study on a whole of independent parts in a family of m."""
    family = Evidence.of(make_rates()).at_level(simultaneous_level(m))
    k = len(effects)
    bounds = {
        e.confidence_level: intervals(effects, level=e.confidence_level, seed=seed)
        for e in (family, family.shared_among(k))
    }

    def judge(study: int) -> Verdict:
        def ask_parts(evidence: Evidence) -> list[AtomVerdict]:
            lower, upper = bounds[evidence.confidence_level]
            return [
                AtomVerdict(
                    id="",
                    text="",
                    measure="tuv",
                    verdict=judge_interval(
                        Bounds(lower=lower[study, i], upper=upper[study, i]),
                        SMALLEST_EFFECT,
                    ),
                )
                for i in range(k)
            ]

        return judge_all(family, ask_parts, n_parts=k).verdict

    return [judge(study) for study in range(N_STUDIES)]


def allowance(rate: float) -> float:
    """3.3 Monte-Carlo standard deviations."""
    return 3.3 * (rate * (1 - rate) / N_STUDIES) ** 0.5


@pytest.mark.parametrize("m", [1, 8])
@pytest.mark.parametrize("k", [2, 4])
def test_parts_on_the_lower_boundary_seldom_refute_the_whole(k: int, m: int):
    effects = np.full(k, -SMALLEST_EFFECT)
    rate = judge_studies(effects, m=m).count(Verdict.REFUTED) / N_STUDIES

    assert rate <= 0.025 / m + allowance(0.025 / m)


def test_without_sharing_parts_on_the_boundary_refute_too_often():
    """What the shared error rate is for: four chances of .025 are nearly .1."""
    level = simultaneous_level(1)
    _, upper = intervals(np.full(4, -SMALLEST_EFFECT), level=level, seed=0)
    rate = (upper < -SMALLEST_EFFECT).any(axis=1).mean()

    assert rate == pytest.approx(1 - 0.975**4, abs=allowance(0.096))


@pytest.mark.parametrize("m", [1, 8])
def test_one_part_on_the_upper_boundary_seldom_lets_the_whole_be_supported(m: int):
    """The others hold for certain: the worst case of the intersection-union rule."""
    effects = np.array([SMALLEST_EFFECT, 9.0, 9.0, 9.0])
    rate = judge_studies(effects, m=m).count(Verdict.SUPPORTED) / N_STUDIES

    assert rate <= 0.025 / m + allowance(0.025 / m)
    # It has teeth: the one part that is open is tested at the full level.
    assert rate >= 0.025 / m - allowance(0.025 / m)


def test_parts_on_either_boundary_are_seldom_called_practically_absent():
    effects = np.array([SMALLEST_EFFECT, -SMALLEST_EFFECT])
    assert judge_studies(effects, m=1).count(Verdict.NEGLIGIBLE) <= 0.025 * N_STUDIES


@pytest.mark.parametrize("n_rivals", [1, 2, 4])
def test_rivals_on_the_boundary_seldom_refute_a_balance(n_rivals: int):
    """Each rival is as good for certain in one measure, and just not better in another.

    Its advantage in the second is exactly the smallest effect, and the claim says that
    it is not more: refuting it is false, and each rival is a chance to.
    """
    n_measures = 2
    effects = np.tile([0.0, -SMALLEST_EFFECT], n_rivals)
    level = 1 - 0.05 / (n_measures * n_rivals)
    lower, upper = intervals(effects, level=level, seed=3)
    # The first measure is so sure that only the second decides.
    lower[:, ::2], upper[:, ::2] = -0.01, 0.01
    shape = (N_STUDIES, n_rivals, n_measures)
    smallest = np.full(n_measures, SMALLEST_EFFECT)
    verdicts = [
        judge_balance(one, other, smallest)
        for one, other in zip(lower.reshape(shape), upper.reshape(shape), strict=True)
    ]

    rate = verdicts.count("refuted") / N_STUDIES
    assert rate <= 0.025 + allowance(0.025)
