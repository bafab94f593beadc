"""The looks at the data that a study plans, as statistics take them."""

from paribus.looks import look_sizes
from paribus.stats.looks import Looks
from paribus.study import Study


def looks_of(study: Study) -> Looks:
    """Say which looks a study plans, and which of them its seeds are.

    Where seeds are added until all is decided, sizes are known and the error rate is
    spent look by look. Where a person adds them, each look has an equal share.
    """
    if not study.planned_seeds:
        return Looks(sizes=tuple(range(1, study.looks + 1)))
    sizes = look_sizes(len(study.planned_seeds), study.looks)
    return Looks(sizes=sizes, look=study.n_looks, is_spent=True)
