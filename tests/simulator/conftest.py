"""Small worlds that several tests look at."""

from __future__ import annotations

import pytest

from journal.facts import Facts, join
from simulator.drifts import abrupt, gradual
from simulator.spec import CatalogueSpec, ShopperSpec, WorldSpec
from simulator.world import Piece, World

SMALL = WorldSpec(
    days=5.0,
    catalogue=CatalogueSpec(
        products=600, categories=20, brands=30, launched=0.2, launch_from_day=0.5, launch_until_day=4.0
    ),
    shoppers=ShopperSpec(shoppers=150, joining=0.2),
)


@pytest.fixture(scope="session")
def world() -> World:
    """A small world that drifts in two ways."""
    return World(SMALL, 7, [gradual(magnitude=0.5), abrupt(at_day=3.0, share=0.5, level="cohort")])


@pytest.fixture(scope="session")
def pieces(world: World) -> list[Piece]:
    """Its open-loop life."""
    return list(world.run())


@pytest.fixture(scope="session")
def facts(pieces: list[Piece]) -> Facts:
    """All its facts."""
    return join([piece.facts for piece in pieces])
