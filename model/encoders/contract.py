"""What an encoder is: a Flax module that turns the neighbourhoods of a few nodes into their vectors.

Encoders are functions of a `Neighbourhood`, in which the first node is the shopper and the others are products.
Gradients flow into its floating-point arrays, so whatever an encoder reads it can teach. The products of
`model.encoders.products` are those that are fast in here; a slope that scatters (that of `weights[kind]`) is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flax import nnx
from jax import Array


class Beyond(NamedTuple):
    """The last F relations of each of K neighbours, but for those to the node in the middle."""

    near: Array  # float32[C, K, F, d]: entity vectors, those of products with their kin added
    strength: Array  # float32[C, K, F]
    kind: Array  # int32[C, K, F]
    age: Array  # float32[C, K, F]: seconds since
    rank: Array  # float32[C, K, F]: the neighbour's own events since
    there: Array  # bool[C, K, F]


class Ties(NamedTuple):
    """What the shopper is tied to besides products, T ties, and what each of those met last."""

    near: Array  # float32[T, d]: entity vectors of the other ends
    strength: Array  # float32[T]
    kind: Array  # int32[T]: place in the encoder's `ties`
    age: Array  # float32[T]: seconds since the tie was made
    there: Array  # bool[T]
    met: Beyond  # [1, T, B]: the last B relations of the other ends


class Neighbourhood(NamedTuple):
    """C nodes and their last K relations."""

    own: Array  # float32[C, d]: entity vectors
    kin: Array  # float32[C, d]: the sum of a product's category and brand vectors; 0 for the shopper
    near: Array  # float32[C, K, d]: entity vectors of the neighbours, those of products with their kin added
    strength: Array  # float32[C, K]: relation strengths as stored
    kind: Array  # int32[C, K]: relation kinds
    age: Array  # float32[C, K]: seconds since
    rank: Array  # float32[C, K]: the node's own events since
    there: Array  # bool[C, K]: the relation exists
    degree: Array  # float32[C, K]: events of the neighbour so far, at least 1
    kept: Array | None = None  # float32[C, L]: what the encoder keeps of the nodes; None where it keeps nothing
    beyond: Beyond | None = None  # what the neighbours met; None where the encoder reads one hop
    ties: Ties | None = None  # the shopper's; None where the encoder reads none


def one_hop_cost(dim: int, neighbours: int) -> float:
    """Return the multiplications and additions of a node's vector: a matrix over itself and what it met."""
    return 2.0 * 2.0 * dim * dim + 2.0 * neighbours * dim


class Keeping(NamedTuple):
    """L columns of its own that an encoder keeps in the row of every node: zeros at first, and then as of the node's
    last event. They are written with the event, so nothing of what is kept is moved by gradient."""

    width: Callable[[int], int]  # L, of vectors of that length
    # (module, around, z) gives float32[2, L]: what is kept of the shopper and of the product (the first two nodes)
    # after their event, where z float32[C, d] are the vectors that the module gave just before
    after: Callable[[Any, Neighbourhood, Array], Array]


class Encoder(NamedTuple):
    """A part: `make(dim, rngs)` gives a Flax module, called with a `Neighbourhood` for float32[C, d].

    `habits` says whether scores have the terms of `model.habits`, or are the product of two vectors and nothing else.

    `relate(shared, strengths)` gives the strength to be stored for a new relation from `shared` float32[K], the number
    of categories and brands that the target shares with each of the shopper's last products, and their strengths.
    Without it a strength starts at 0 and is learned by gradient where it stands.

    `sample(module, around, normal)` gives, for standard normal numbers float32[C, d], the vectors that the loss sees
    and a penalty that is added to it. Without it the loss sees the vectors that the module gives.

    `content` says whether scores have the term of `model.content` besides; it takes habits.

    `keeping` is what it keeps of every node besides vector and relations; most keep nothing.

    `ties` are the kinds of facts (`journal.Kind`) that it reads as ties of a shopper; most read none.

    `beyond` is F, how many relations of a neighbour it reads: 0 where it looks no further than the neighbours.

    `cost(dim, neighbours)` gives the multiplications and additions of one node's vector, forwards; the network counts
    them four times for a node that learns: forwards, backwards by vectors and by weights, and served.
    """

    name: str
    make: Callable[[int, nnx.Rngs], nnx.Module]
    relate: Callable[[Array, Array], Array] | None
    habits: bool
    sample: Callable[[Any, Neighbourhood, Array], tuple[Array, Array]] | None = None
    content: bool = False
    keeping: Keeping | None = None
    beyond: int = 0
    cost: Callable[[int, int], float] = one_hop_cost
    ties: tuple[int, ...] = ()
