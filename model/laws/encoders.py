"""What an encoder keeps: float32[C, d] from any neighbourhood, finite, with finite slopes, and nothing of what is not
there."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

from journal.chance import stream
from model.encoders.contract import Beyond, Encoder, Neighbourhood, Ties
from model.graph import KINDS
from model.laws import trial
from model.laws.law import BrokenError, Law
from model.network import network
from model.policies import every_event

D, C, K = 8, 4, 3


def around(scale: float = 1.0, nodes: int = C, kept: int = 0, beyond: int = 0, ties: int = 0) -> Neighbourhood:
    """Draw a neighbourhood; the second node has no relation, the third one only. `kept` numbers are kept of each, and
    of each neighbour `beyond` relations are read, of which two are there. There are `ties` kinds of ties."""
    draw = stream(trial.SEED, "around")
    there = np.ones((nodes, K), np.bool_)
    there[1:2], there[2:3, 1:] = False, False
    shape = (nodes, K)
    drawn = {
        "own": draw.normal(size=(nodes, D)) * scale,
        "kin": np.concatenate([np.zeros((1, D)), draw.normal(size=(nodes - 1, D))]) * scale,
        "near": draw.normal(size=(*shape, D)) * scale,
        "strength": draw.normal(size=shape) * scale,
        "kind": draw.integers(0, KINDS, shape),
        "age": 10 ** draw.uniform(0, 7, shape) * scale,
        "rank": draw.integers(0, 9, shape) * scale,
        "there": there,
        "degree": 1.0 + draw.integers(0, 9, shape) * scale,
    }
    if kept:
        drawn["kept"] = np.abs(draw.normal(size=(nodes, kept))) * scale
    whole = {"kind": jnp.int32, "there": jnp.bool_}
    columns: dict[str, Any] = {n: jnp.asarray(c, whole.get(n, jnp.float32)) for n, c in drawn.items()}
    read = Neighbourhood(**columns)
    read = read._replace(beyond=_beyond(draw, read.there, beyond, scale)) if beyond else read
    return read._replace(ties=_ties(draw, ties, scale)) if ties else read


def _beyond(draw: np.random.Generator, there: Array, beyond: int, scale: float) -> Beyond:
    shape = (*there.shape, beyond)
    near, strength, age = draw.normal(size=(*shape, D)), draw.normal(size=shape), 10 ** draw.uniform(0, 7, shape)
    floats = (jnp.asarray(one * scale, jnp.float32) for one in (near, strength, age, draw.integers(0, 9, shape)))
    vectors, strengths, ages, ranks = floats
    kind = jnp.asarray(draw.integers(0, KINDS, shape), jnp.int32)
    return Beyond(vectors, strengths, kind, ages, ranks, there[..., None] & (jnp.arange(beyond) < 2))


def _ties(draw: np.random.Generator, kinds: int, scale: float) -> Ties:
    """Draw K ties, the last of which is not there, and of each the last three relations, of which two are there."""
    there = jnp.arange(K) < K - 1
    near, strength, age = draw.normal(size=(K, D)), draw.normal(size=K), 10 ** draw.uniform(0, 7, K)
    vectors, strengths, ages = (jnp.asarray(one * scale, jnp.float32) for one in (near, strength, age))
    kind = jnp.asarray(draw.integers(0, kinds, K), jnp.int32)
    return Ties(vectors, strengths, kind, ages, there, _beyond(draw, there[None], 3, scale))


def _made(encoder: Encoder) -> Any:
    return encoder.make(D, nnx.Rngs(1))


def _around(encoder: Encoder, scale: float = 1.0, nodes: int = C) -> Neighbourhood:
    """A neighbourhood in which as much is kept and read as this encoder keeps and reads."""
    kept = encoder.keeping.width(D) if encoder.keeping else 0
    return around(scale, nodes, kept, encoder.beyond, len(encoder.ties))


def traced(encoder: Encoder) -> None:
    """Raise what tracing raises; the module is split once, as the network does."""
    shape, weights = nnx.split(_made(encoder))
    jax.eval_shape(lambda weights, read: nnx.merge(shape, weights)(read), weights, _around(encoder))


def shaped(encoder: Encoder) -> None:
    """Encode four nodes, and one alone."""
    for nodes in (C, 1):
        z = _made(encoder)(_around(encoder, nodes=nodes))
        if getattr(z, "shape", None) != (nodes, D) or z.dtype != jnp.float32:
            found = f"{z.dtype}{list(z.shape)}" if hasattr(z, "shape") else type(z).__name__
            raise BrokenError(f"{nodes} nodes give {found}", f"Return float32[{nodes}, {D}]: a vector a node")


def deterministic(encoder: Encoder) -> None:
    """Make it twice from one seed, and encode twice."""
    one, other = (np.asarray(_made(encoder)(_around(encoder))) for _ in range(2))
    if one.tobytes() != other.tobytes():
        raise BrokenError(
            "the same seed twice gives other vectors", "Draw all weights from the rngs that make is given"
        )


def empty(encoder: Encoder) -> None:
    """Encode nodes to which nothing is related yet."""
    whole = _around(encoder)
    nothing = jax.tree.map(jnp.zeros_like, whole)
    for read, what in ((whole._replace(there=nothing.there), "no relations"), (nothing, "nothing but noughts")):
        if not np.isfinite(_made(encoder)(read)).all():
            raise BrokenError(f"a neighbourhood of {what} gives numbers that are not finite", "Guard sums of no terms")


def absent(encoder: Encoder) -> None:
    """Change the numbers in places that are not there."""
    read, made = _around(encoder), _made(encoder)
    hidden = ~read.there
    other = read._replace(
        near=jnp.where(hidden[..., None], 7.0, read.near),
        strength=jnp.where(hidden, 3.0, read.strength),
        age=jnp.where(hidden, 1e9, read.age),
        rank=jnp.where(hidden, 99.0, read.rank),
    )
    if read.beyond is not None:
        off = ~read.beyond.there
        other = other._replace(
            beyond=read.beyond._replace(
                near=jnp.where(off[..., None], 7.0, read.beyond.near), age=jnp.where(off, 1e9, read.beyond.age)
            )
        )
    if read.ties is not None:
        other = other._replace(ties=_elsewhere(read.ties))
    if not np.allclose(made(read), made(other), atol=1e-5):
        raise BrokenError("relations that are not there change the vectors", "Mask with read.there, as jnp.where does")


def _elsewhere(ties: Ties) -> Ties:
    """Return ties with other numbers where there are none, and where the others met nothing."""
    off = ~ties.met.there
    return ties._replace(
        near=jnp.where(ties.there[:, None], ties.near, 7.0),
        strength=jnp.where(ties.there, ties.strength, 9.0),
        met=ties.met._replace(
            near=jnp.where(off[..., None], 7.0, ties.met.near), age=jnp.where(off, 1e9, ties.met.age)
        ),
    )


def slopes(encoder: Encoder) -> None:
    """Differentiate by every weight and number read, far smaller and larger than they ever are."""
    shape, weights = nnx.split(_made(encoder))
    for scale in (0.0, 1e-20, 1.0, 1e3, 1e8):
        read = _around(encoder, scale)

        def total(weights: Any, floats: Any, read: Neighbourhood = read, scale: float = scale) -> Any:
            made: Any = nnx.merge(shape, weights)
            return jnp.tanh(made(_with(read, floats)) / max(scale, 1.0)).sum()

        floats = _floats(read, ("own", "kin", "near", "strength", "age", "rank"))
        found = jax.grad(total, argnums=(0, 1))(weights, floats)
        for path, leaf in jax.tree_util.tree_flatten_with_path(found)[0]:
            if not np.isfinite(leaf).all():
                raise BrokenError(
                    f"at numbers of size {scale:g} the slope of {jax.tree_util.keystr(path[1:])} is not finite",
                    "Guard roots, logarithms and divisions before they are taken, not after",
                )


def _floats(read: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the numbers of what was read that an encoder may teach, in dicts as deep as they stand."""
    found = {name: getattr(read, name) for name in names}
    for name, inner in (("beyond", _FADING), ("ties", _FADING[:3]), ("met", _FADING)):
        if getattr(read, name, None) is not None:
            found[name] = _floats(getattr(read, name), inner)
    return found


_FADING = ("near", "strength", "age", "rank")


def _with(read: Any, floats: dict[str, Any]) -> Any:
    """Return what was read with other numbers."""
    inner = {name: _with(getattr(read, name), f) if isinstance(f, dict) else f for name, f in floats.items()}
    return read._replace(**inner)


def keeps(encoder: Encoder) -> None:
    """Ask what it keeps after an event, if it keeps anything."""
    if encoder.keeping is None:
        return
    width, made = encoder.keeping.width(D), _made(encoder)
    for scale in (0.0, 1.0, 1e8):
        read = _around(encoder, scale)
        kept = encoder.keeping.after(made, read, made(read))
        if kept.shape != (2, width) or kept.dtype != jnp.float32:
            raise BrokenError(
                f"after an event it keeps {kept.dtype}{list(kept.shape)}",
                f"Return float32[2, {width}], the width it says: of the shopper, then of the product",
            )
        if not np.isfinite(kept).all():
            raise BrokenError("what it keeps is not finite", "Bound what is kept: it is read for ever after")


def learns(encoder: Encoder) -> None:
    """Build a small network around it, and let it learn from a stream."""
    small: Any = trial.SMALL
    lane, source = trial.lane(network(encoder, **small), every_event()), trial.tied(trial.events(60), encoder.ties)
    outcomes = trial.feed(lane, source)
    if not np.isfinite(outcomes.rank).all():
        raise BrokenError("a network around it gives ranks that are not finite", "Return finite vectors")
    for leaf in jax.tree.leaves(lane.carry.state):
        if not np.isfinite(leaf).all():
            raise BrokenError("a network around it comes to weights that are not finite", "Keep slopes finite")
    trial.served_is_finite(lane, int(source.time[-1]))


ENCODER_LAWS: tuple[Law, ...] = (
    Law("traced", "it can be traced", traced, founding=True),
    Law("shaped", "it gives float32[C, d]", shaped, founding=True),
    Law("deterministic", "the same seed gives the same bits", deterministic),
    Law("empty", "a node without relations has finite numbers", empty),
    Law("absent", "what is not there is not read", absent),
    Law("slopes", "slopes are finite", slopes),
    Law("keeps", "what it keeps of a node is finite and of one width", keeps),
    Law("learns", "a small network around it learns, and stays finite", learns),
)
