"""Scenarios: TOML files with permanent ids, the schema that reads them, and the finder of the parts they name."""

from __future__ import annotations

from scenarios.loading import glance, listing, load, loads
from scenarios.parts import FAMILIES, Source, find, names
from scenarios.schema import NetworkSpec, Scenario, schema
from scenarios.uses import Use, read_chain, read_use

__all__ = [
    "FAMILIES",
    "NetworkSpec",
    "Scenario",
    "Source",
    "Use",
    "find",
    "glance",
    "listing",
    "load",
    "loads",
    "names",
    "read_chain",
    "read_use",
    "schema",
]
