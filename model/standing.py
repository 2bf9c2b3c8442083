"""What is on sale as an event is scored: its product against all others, and products that come and go."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from journal.facts import Kind
from model.carry import Carry
from model.parts import Event, Scored
from model.ranks import weigh


class Change(NamedTuple):
    """Up to C served rows that a tick writes, as they were before."""

    ids: Array  # int32[C]; P or more where none
    rows: Array  # float32[C, width]
    on_sale: Array  # int32[C]


def against(answer: Scored, product: Array, carry: Carry) -> tuple[Array, Array]:
    """Return the target's exact score, and G's correction for the target itself and for the products with a bonus."""
    ids = jnp.concatenate([product[None], answer.ids])
    plain = carry.shop.served.at[ids].get(mode="clip") @ answer.vector
    counts = carry.shop.on_sale.at[ids].get(mode="clip")
    is_target = answer.ids == product
    target = plain[0] + jnp.where(is_target, answer.bonus, 0.0).sum()
    other = (answer.ids >= 0) & ~is_target
    moved = weigh(plain[1:] + answer.bonus, target) - weigh(plain[1:], target)
    return target, jnp.where(other, moved * counts[1:], 0).sum() - weigh(plain[0], target) * counts[0]


def relist(carry: Carry, event: Event, fresh: Array, change: Change) -> tuple[Carry, Change]:
    """Put a product on sale, or take it off; a tick that does so learns nothing, so the first place of C is free."""
    products = carry.shop.served.shape[0]
    arrives = (event.kind == Kind.PRODUCT_LISTED) | (event.kind == Kind.RESTOCKED)
    leaves = (event.kind == Kind.PRODUCT_RETIRED) | (event.kind == Kind.STOCK_OUT)
    moves = fresh & (arrives | leaves)
    product = jnp.where(moves, event.product, products)
    change = Change(
        change.ids.at[0].set(jnp.where(moves, product, change.ids[0])),
        change.rows.at[0].set(jnp.where(moves, carry.shop.served.at[product].get(mode="clip"), change.rows[0])),
        change.on_sale.at[0].set(jnp.where(moves, carry.shop.on_sale.at[product].get(mode="clip"), change.on_sale[0])),
    )
    was, now = change.on_sale[0], arrives.astype(jnp.int32)
    on_sale = carry.shop.on_sale.at[product].set(now, mode="drop")
    listed = carry.shop.listed + jnp.where(moves, now - was, 0)
    return carry._replace(shop=carry.shop._replace(on_sale=on_sale, listed=listed)), change
