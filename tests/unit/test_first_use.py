import pytest

import paribus.analysis
import paribus.console
import paribus.store
import paribus.study_file
from paribus.first_use import on_first_use


PACKAGES = [paribus.analysis, paribus.console, paribus.store, paribus.study_file]


def test_a_name_comes_from_its_module():
    from paribus.store.reader import read_study

    assert on_first_use("paribus.store", {"read_study": "reader"})("read_study") is (
        read_study
    )


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_package_has_what_it_lists_and_nothing_else(package: object):
    for name in package.__all__:  # pyright: ignore[reportAttributeAccessIssue]
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="has no attribute `tables_of`"):
        package.tables_of  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
