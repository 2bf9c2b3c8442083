"""A use names a part and gives its parameters; a chain is a row of uses. Both are written on one line or as tables.

every(n=4)+budget(per_second=500)          on one line: on the command line, in a scenario, as the name of a lane
[{use = "every", n = 4}, {use = "budget", per_second = 500}]          as tables: the same chain
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from journal.spelling import spelled
from scenarios import writing


class Use(BaseModel):
    """The spelling of a part and its parameters.

    >>> Use(use="every", n=4).parameters
    {'n': 4}
    >>> str(Use(use="every", n=4))
    'every(n=4)'
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    use: str = Field(description="Built-in name, `my_file.py:my_function`, or a name that an installed package gives.")

    @property
    def parameters(self) -> dict[str, Any]:
        """The keys beside `use`, in the order they were given."""
        return dict(self.model_extra or {})

    def __str__(self) -> str:
        inside = ", ".join(f"{writing.key(k)}={writing.value(v)}" for k, v in self.parameters.items())
        return f"{self.use}({inside})" if inside else self.use


def read_chain(text: str) -> tuple[Use, ...]:
    """Return the uses of a chain written on one line; `ValueError` where it cannot be read.

    >>> [str(use) for use in read_chain("every(n=4)+decay(half_life=3600)")]
    ['every(n=4)', 'decay(half_life=3600)']
    """
    return tuple(Use.model_validate({"use": name, **parameters}) for name, parameters in spelled(text))


def read_use(text: str) -> Use:
    """Return one use written on one line; `ValueError` where it cannot be read or is a chain of several.

    >>> read_use("every(n = 4)")
    Use(use='every', n=4)
    """
    first, *more = read_chain(text)
    if more:
        raise ValueError(f"'{text}' is a chain of {1 + len(more)} parts; here stands one")
    return first


def _one(given: Any) -> Any:
    return read_use(given) if isinstance(given, str) else given


def _row(given: Any) -> Any:
    if isinstance(given, str):
        return read_chain(given)
    return (given,) if isinstance(given, dict | Use) else tuple(given) if isinstance(given, list) else given


Part = Annotated[Use, BeforeValidator(_one, json_schema_input_type=str | Use)]
"""A use in either spelling."""

Chain = Annotated[tuple[Part, ...], BeforeValidator(_row, json_schema_input_type=str | Use | list[str | Use])]
"""Uses applied one after the other, the first one first; in any spelling, and one use alone is a chain too."""
