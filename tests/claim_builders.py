"""Made-up verdicts on claims, one of each kind."""

from typing import Any

from paribus.claims import AtomVerdict, ClaimVerdict, Verdict


SCOPE = (
    "Scope: MNIST, a multilayer perceptron, Adam, constant learning rate, 5 epochs, "
    "tuned, 10 seeds; varied by seed: initialisation and data order."
)


def make_atom(verdict: Verdict = Verdict.SUPPORTED, **changes: Any) -> AtomVerdict:
    """An atom about accuracy; its numbers fit the verdict."""
    numbers = {
        Verdict.SUPPORTED: (0.0147, 0.012, 0.0174),
        Verdict.REFUTED: (-0.0147, -0.0174, -0.012),
        Verdict.NEGLIGIBLE: (0.0002, -0.0011, 0.0015),
        Verdict.UNDECIDED: (0.003, -0.001, 0.007),
        Verdict.UNTESTED: (None, None, None),
        Verdict.DEPENDS: (0.0147, 0.012, 0.0174),
    }
    estimate, lower, upper = numbers[verdict]
    settings: dict[str, Any] = {
        "id": "L2a",
        "text": "A learning rate of 0.01 is as good as the best (10 times it)",
        "verdict": verdict,
        "measure": "validation_accuracy",
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "confidence_level": 0.99375,
        "smallest_effect": 0.002,
        "unit": "pp",
        "n_seeds": 10,
        "scope": SCOPE,
        "sides": ("learning rate 0.01", "learning rate 0.001"),
        "runs": ((0, 0), (0, 1), (1, 0), (1, 1)),
    }
    extra: dict[Verdict, dict[str, Any]] = {
        Verdict.UNDECIDED: {"more_seeds": 24},
        Verdict.UNTESTED: {
            "n_seeds": 0,
            "reason": "the best learning rate lies on the lower edge of the grid",
            "remedy": "`paribus run learning-rate --size standard`",
            "smallest_effect": None,
            "confidence_level": None,
            "runs": (),
        },
        Verdict.DEPENDS: {"reason": "supported per epoch, refuted per second"},
    }
    return AtomVerdict(**{**settings, **extra.get(verdict, {}), **changes})


def make_speed_atom(verdict: Verdict = Verdict.SUPPORTED, **changes: Any):
    """An atom about time to target, a ratio."""
    numbers = {
        Verdict.SUPPORTED: (1.62, 1.4, 1.88),
        Verdict.REFUTED: (0.62, 0.53, 0.71),
        Verdict.NEGLIGIBLE: (1.02, 0.95, 1.1),
        Verdict.UNDECIDED: (1.3, 1.1, 1.54),
    }
    estimate, lower, upper = numbers.get(verdict, (None, None, None))
    return make_atom(
        verdict,
        **{
            "id": "L1b",
            "text": "A learning rate of 0.001 is slower than 0.01",
            "measure": "steps_to_target",
            "estimate": estimate,
            "lower": lower,
            "upper": upper,
            "smallest_effect": 1.25,
            "is_ratio": True,
            "unit": "",
            "clock": "steps",
            "budget": "target",
            "mode": "tuned",
            "sides": ("learning rate 0.001", "0.01"),
            **changes,
        },
    )


def make_claim(
    *atoms: AtomVerdict, verdict: Verdict | None = None, **changes: Any
) -> ClaimVerdict:
    """A claim of `atoms`, by default with the verdict of the first."""
    atoms = atoms or (make_atom(),)
    settings = {
        "id": "L2",
        "group": "learning rate",
        "text": "A medium learning rate (0.01) balances and often reaches a good "
        "solution.",
    }
    return ClaimVerdict(
        **{**settings, **changes}, verdict=verdict or atoms[0].verdict, atoms=atoms
    )


def make_claims() -> tuple[ClaimVerdict, ...]:
    """Claims of every verdict in all three groups."""
    stable = make_speed_atom(
        id="L1a",
        text="A learning rate of 0.001 is more stable than 0.01 and 0.1",
        measure="tuv",
        smallest_effect=1.5,
        estimate=16.2,
        lower=9.1,
        upper=28.8,
        clock="",
        mode="",
        budget="epochs",
        notes=("No run of either side ended badly.",),
        p_value=0.00195,
        p_value_holm=0.0156,
        effect_size=3.1,
        share_above=0.99,
    )
    slow = make_speed_atom(Verdict.REFUTED)
    batch: dict[str, Any] = {
        "group": "batch size",
        "id": "B2",
        "text": "A medium batch is a balance.",
    }
    quality = {
        "id": "B3e",
        "text": "A batch size of 6000 generalises worse than 64",
        "measure": "test_error",
        "mode": "tuned",
        "sides": ("batch size 6000", "64"),
    }
    return (
        make_claim(
            stable,
            slow,
            id="L1",
            verdict=Verdict.REFUTED,
            text="A small learning rate (0.001) is more stable but slow.",
        ),
        make_claim(make_atom(Verdict.UNTESTED), make_atom(Verdict.UNDECIDED, id="L2b")),
        make_claim(make_atom(Verdict.NEGLIGIBLE, id="B2b"), **batch),
        make_claim(
            make_atom(Verdict.DEPENDS, **quality),
            make_atom(
                Verdict.SUPPORTED,
                **{
                    **quality,
                    "id": "B3e/untuned-E",
                    "mode": "untuned",
                    "is_primary": False,
                },
            ),
            make_atom(
                Verdict.NEGLIGIBLE,
                **{
                    **quality,
                    "id": "B3e/tuned-S",
                    "budget": "steps",
                    "is_primary": False,
                },
            ),
            id="B3-quality",
            group="batch size",
            text="A very large batch reaches sharp minimisers and generalises worse.",
            apart=2,
        ),
        make_claim(
            make_atom(),
            id="U1",
            group="yours",
            is_late=True,
            text="0.01 is at least as good as 0.001",
        ),
    )
