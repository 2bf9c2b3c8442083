"""A recurrent memory of every node beside the neighbourhood of sage: TGN (Rossi et al. 2020) with JODIE's projection
in time (Kumar, Zhang and Leskovec 2019).

    a = [v_j ; one-hot kind ; log(1 + gap)]                   the message of the node's last event: whom it met, how
    r, s = sigma(W_r a + U_r m + b_r), sigma(W_s a + U_s m + b_s)
    m' = s m + (1 - s) tanh(W_n a + r (U_n m) + b_n)          Cho et al. 2014, the gated recurrent unit
    z = sage's + P ((1 + w log(1 + since)) m')                JODIE's equation 2; a P, w for shoppers, one for products

A node's row keeps its memory m as of before its last event, and of that event the other node's vector v_j as it was
served then and the gap in hours to the event before; the kind and the time stand in the newest relation. The message is
taken in when the node is read (TGN's section 3.2): so the loss of the event that reads it teaches the unit, and what
came of it is written when the node has its next event. v_j and m are numbers to the slope, not nodes to go on to.

W_n starts as g Q and P as Q', for Q with orthonormal columns (or rows), all else at 0 but b_s and w: so the untrained
memory is a running mean of the vectors that were met, which fades.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array

from model import grid
from model.encoders.contract import Encoder, Keeping, Neighbourhood
from model.encoders.fading import HOUR
from model.encoders.hops import beyond
from model.encoders.products import product
from model.encoders.sage import Sage, sage_cost
from model.encoders.tying import kinds_of
from model.graph import KINDS

PAST = KINDS + 1
"""Length of a message besides v: kinds, gap."""

HOLD = 1.0
"""b_s at first: a memory then keeps 0.73 of what it was."""

FADE = -0.05
"""w at first: a memory then loses a seventh in a day."""


class Memory(Sage):
    """Parameters: those of Sage; W float32[d + PAST, 3 n], U float32[n, 3 n] and b float32[3 n] of the unit, in the
    order r, s, n; P float32[n, d] of a shopper and of a product; w float32[2, n]."""

    def __init__(
        self, dim: int, units: int, reach: float, near: float, rngs: nnx.Rngs, hops: int = 1, ties: int = 0
    ) -> None:
        super().__init__(dim, near, rngs, hops, ties)
        long, short = max(dim, units), min(dim, units)
        mixed = jnp.linalg.qr(rngs.normal((long, short)))[0]
        mixed = mixed if dim == long else mixed.T
        self.units = units
        self.message = nnx.Param(jnp.zeros((dim + PAST, 3 * units)).at[:dim, 2 * units :].set(mixed))
        self.before = nnx.Param(jnp.zeros((units, 3 * units)))
        self.shift = nnx.Param(jnp.zeros(3 * units).at[units : 2 * units].set(HOLD))
        self.shopper_reach = nnx.Param(reach * mixed.T)
        self.product_reach = nnx.Param(reach * mixed.T)
        self.drift = nnx.Param(jnp.full((2, units), FADE))

    def __call__(self, around: Neighbourhood) -> Array:
        now = self.projected(self.remembered(around), around)
        shopper = product(now[:1], self.shopper_reach[...])
        products = product(now[1:], self.product_reach[...])
        return super().__call__(around) + jnp.concatenate([shopper, products])

    def remembered(self, around: Neighbourhood) -> Array:
        """Return the memories float32[C, n] with the message of the last event taken in, where there is one."""
        n, kept = self.units, _kept(around)
        memory, gap = kept[:, :n], jnp.log1p(kept[:, -1:] / HOUR)
        told = jnp.concatenate([kept[:, n:-1], jax.nn.one_hot(around.kind[:, 0], KINDS), gap], axis=1)
        new = product(told, self.message[...]) + self.shift[...]
        old = product(memory, self.before[...])
        gates = jax.nn.sigmoid(new[:, : 2 * n] + old[:, : 2 * n])
        reset, hold = gates[:, :n], gates[:, n:]
        fresh = jnp.tanh(new[:, 2 * n :] + reset * old[:, 2 * n :])
        return jnp.where(around.there[:, :1], hold * memory + (1.0 - hold) * fresh, memory)

    def projected(self, memory: Array, around: Neighbourhood) -> Array:
        """Return memories as of now: since the last event each of their numbers drifts at a pace of its own."""
        since = jnp.log1p(jnp.where(around.there[:, :1], around.age[:, :1], 0.0) / HOUR)
        side = jnp.minimum(jnp.arange(len(memory)), 1)
        pace = jnp.where(side[:, None] == 0, self.drift[0], self.drift[1])
        return (1.0 + pace * since) * memory


def _kept(around: Neighbourhood) -> Array:
    """Return what is kept; it moves no row."""
    if around.kept is None:
        raise TypeError("the memory encoder reads what it kept of each node, and this neighbourhood has nothing kept")
    return jax.lax.stop_gradient(around.kept)


def _after(module: Memory, around: Neighbourhood, z: Array) -> Array:
    """The two memories with their last message taken in, each other's vector, and the seconds since the event before,
    float32[2, n + d + 1]."""
    memory = module.remembered(around)[:2]
    gap = jnp.where(around.there[:2, :1], around.age[:2, :1], 0.0)
    return jnp.concatenate([memory, grid.vectors(z[:2])[::-1], gap], axis=1)


def memory(
    units: int = 32,
    reach: float = 0.2,
    near: float = 0.0,
    habits: bool = True,
    content: bool = False,
    hops: int = 1,
    follows: bool = False,
    coupons: bool = False,
) -> Encoder:
    """Sage with a recurrent memory of every node, brought up to date with its last event when it is read (TGN, JODIE).

    units  numbers in a memory
    reach  how much a memory says at first of what its node met
    near   how much a product starts as its last shoppers
    """

    def cost(dim: int, neighbours: int) -> float:
        return sage_cost(hops)(dim, neighbours) + 2.0 * units * (3 * (dim + PAST + units) + dim)

    ties = kinds_of(follows, coupons)

    def make(dim: int, rngs: nnx.Rngs) -> Memory:
        return Memory(dim, units, reach, near, rngs, hops, len(ties))

    made = Encoder("memory", make, None, habits, content=content)
    keeping = Keeping(lambda dim: units + dim + 1, _after)
    return made._replace(keeping=keeping, beyond=beyond(hops), cost=cost, ties=ties)
