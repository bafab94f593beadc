"""What a study predicts, as data."""

import pytest

from paribus.api import tasks
from paribus.errors import StudyError
from paribus.tasks import TaskChoice, is_lower_better, metric_name


def own_loss(outputs, targets):
    return (outputs - targets) ** 2


def test_the_default_is_cross_entropy_and_is_not_recorded():
    assert TaskChoice().loss_name == "cross_entropy"
    assert TaskChoice(loss="cross_entropy") == TaskChoice()
    assert TaskChoice().recorded() == {}
    assert TaskChoice.from_dict({}) == TaskChoice()


@pytest.mark.parametrize(
    "task",
    [
        tasks.regression(),
        tasks.regression(loss="huber", delta=2.5, standardise=True),
        tasks.regression(loss=own_loss, metrics=[own_loss]),
        tasks.classification(label_smoothing=0.1, class_weights=[1, 2, 3]),
        tasks.classification(class_weights="balanced", metrics=["top_3", "nll"]),
        tasks.classification(loss="binary_cross_entropy"),
    ],
)
def test_what_is_recorded_can_be_read(task):
    assert TaskChoice.from_dict(task.recorded()) == task


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "ranking"}, "no kind of task is called `ranking`"),
        ({"loss": "huber"}, "one of classification, got `huber`, one of regression"),
        ({"loss": "hinge"}, "no loss is called `hinge`"),
        ({"kind": "regression", "delta": 2.0}, "`task.delta` needs the loss `huber`"),
        ({"kind": "regression", "loss": "huber", "delta": 0.0}, "must be above 0"),
        ({"label_smoothing": 1.0}, "from 0 to below 1, got 1.0"),
        ({"kind": "regression", "label_smoothing": 0.1}, "needs the loss"),
        ({"class_weights": (1.0,)}, "a weight for each class, got 1"),
        ({"class_weights": (1.0, -1.0)}, "must be above 0, got -1.0"),
        ({"class_weights": "equal"}, '"balanced" or a number for each class'),
        ({"standardise": True}, "needs the kind regression"),
        ({"metrics": ("accuracy",)}, "each metric once, got `accuracy` again"),
        ({"metrics": ("top_1",)}, "no metric of classification is called `top_1`"),
        ({"kind": "regression", "metrics": ("nll",)}, "no metric of regression"),
        ({"metrics": ("mine:rmse",)}, "none of ours, got `rmse`"),
        ({"metrics": ("mine:Upper",)}, "small letters, digits"),
    ],
)
def test_what_does_not_fit_is_refused(settings, message):
    with pytest.raises(StudyError, match=message):
        TaskChoice(**settings)


def test_a_lambda_has_no_name_to_be_recorded_by():
    with pytest.raises(StudyError, match="got a lambda"):
        tasks.regression(loss=lambda outputs, targets: outputs)


def test_metrics_are_named_by_what_they_are():
    assert metric_name("top_5") == "top_5_accuracy"
    assert metric_name("package.module:my_error") == "my_error"
    names = tasks.regression(metrics=[own_loss]).metric_names()
    assert names == ("loss", "rmse", "mae", "r2", "own_loss")


@pytest.mark.parametrize(
    "name", ["test_loss", "train_rmse", "test_mae", "test_my_error"]
)
def test_less_of_an_error_is_better(name):
    assert is_lower_better(name)


@pytest.mark.parametrize("name", ["test_r2", "test_accuracy", "test_top_5_accuracy"])
def test_more_of_a_score_is_better(name):
    assert not is_lower_better(name)
