"""How docstrings are read for the reference: an `Example:` is code, not a remark."""

import re
from typing import Any

import griffe


class Examples(griffe.Extension):
    """Gives the section of examples the name that griffe knows."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            text = obj.docstring.value
            obj.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", text)
