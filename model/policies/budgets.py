"""How much to learn: so many events an hour, wherever they are best spent."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array
from jax.scipy.stats import norm

from model.parts import Action, Policy, Seen, Tree, at_least


def budget(per_hour: float = 60.0, burst: float = 60.0) -> Policy:
    """Learn at most `per_hour` events an hour of simulated time: a token bucket that holds `burst`; others are dropped.

    Replayed events count as well, where this policy stands behind the one that replays them.

    The idea that accuracy is to be maximised within a fixed budget: Verachtert, Jeunen, Goethals 2023.
    """
    at_least("budget", "per_hour", per_hour, 0)
    at_least("budget", "burst", burst, 1)

    def update(action: Action, bucket: tuple[Array, Array], seen: Seen) -> tuple[Action, tuple[Array, Array]]:
        tokens, last = bucket
        tokens = jnp.minimum(burst, tokens + (seen.now - last) * (per_hour / 3600.0))
        wanted = seen.ripe(action)
        learn = action.learn & (tokens >= wanted)
        tokens = tokens - jnp.where(learn, wanted, 0)
        action = action._replace(learn=learn)
        if action.replays is not None:
            count = jnp.minimum(action.replays.n, jnp.floor(tokens).astype(jnp.int32))
            tokens, action = tokens - count, action._replace(replays=action.replays._replace(n=count))
        return action, (tokens, seen.now)

    return Policy(lambda: (jnp.float32(burst), jnp.float32(0)), update)


def adaptive_budget(per_hour: float = 60.0, burst: float = 60.0, memory: float = 1000.0) -> Policy:
    """Spend a budget where staleness costs most: learn an event if it surprises more than the bucket is empty.

    Surprise is log2(1 + rank); u, its place among the last `memory` events or so, is taken from their mean and
    deviation (a normal distribution). With a share f of the bucket full, an event is learned if u >= 1 - f: a full
    bucket takes anything, an empty one only what the model understood least. Never more than `budget` allows. Within a
    fixed budget: Verachtert, Jeunen, Goethals 2023; a price that rises as money runs out: pacing in online auctions
    (Lee, Jalali, Dasdan 2013). It reads each event's rank: a pass over the catalogue.
    """
    at_least("adaptive_budget", "memory", memory, 1)
    bucket = budget(per_hour, burst)

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        own, sums = state
        n, total, squares = (column * (1.0 - 1.0 / memory) for column in sums)
        surprise = jnp.log2(1.0 + seen.rank)
        n, total, squares = n + 1.0, total + surprise, squares + surprise * surprise
        deviation = jnp.sqrt(jnp.maximum(squares / n - (total / n) ** 2, 1e-6))
        place = norm.cdf((surprise - total / n) / deviation)
        full = jnp.minimum(own[0] + (seen.now - own[1]) * (per_hour / 3600.0), burst) / burst
        action, own = bucket.update(action._replace(learn=action.learn & (place >= 1.0 - full)), own, seen)
        return action, (own, (n, total, squares))

    return Policy(lambda: (bucket.init(), (jnp.float32(0), jnp.float32(0), jnp.float32(0))), update)
