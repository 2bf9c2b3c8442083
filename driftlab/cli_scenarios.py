"""`driftlab scenarios`: which scenarios there are, and whether your own will do."""

from __future__ import annotations

import json

from cyclopts import App

from driftlab.cli_words import Json, Settings, pairs, print_json

scenarios = App(name="scenarios", help="See which scenarios there are, and check your own.")


@scenarios.command(name="list")
def list_(*, json_: Json = False) -> None:
    """List the scenarios that come with driftlab."""
    from scenarios import listing

    found = listing()
    if json_:
        print_json([{"id": id_, "title": title} for id_, title in found])
        return
    width = max(len(id_) for id_, _ in found)
    print("\n".join(f"{id_:<{width}}  {title}" for id_, title in found))


@scenarios.command
def show(scenario: str, /, *, set_: Settings = None) -> None:
    """Print a whole scenario as TOML, with everything it takes from its base and every default."""
    from scenarios import load

    print(load(scenario, pairs(set_)).toml(), end="")


@scenarios.command
def check(scenario: str, /, *, set_: Settings = None) -> None:
    """Check a scenario: all its mistakes at once, each with file, line, key and the nearest name."""
    from scenarios import load

    found = load(scenario, pairs(set_))
    print(f"{found.id} is sound: {found.title}, {found.days:g} days, {found.shoppers.shoppers:,} shoppers")


@scenarios.command
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from scenarios import schema as made

    print(json.dumps(made(), indent=2))
