"""Another policy for a span of the run: what a plan of phases, and the fork of a run, are made of."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from model.named import chain_of
from model.parts import Action, Policy, Seen, Tree, at_least
from model.policies.common import chain

SECONDS = 86400.0


def during(policy: str = "every(n=4)", since: float = 0.0, until: float = 36500.0) -> Policy:
    """Apply a policy from day `since` to day `until` alone, counted from the first event; before and after, none.

    policy  as elsewhere, "every(n=4)" or a chain; built-in parts only

    In a chain, 'during(policy="every_event", until=7.5)+during(policy="every(n=4)", since=7.5)' changes its mind at
    noon of day 7. The policy begins when its span does; what it keeps waiting is learned by the next that learns.
    """
    from model.policies import POLICIES  # of which this is one

    at_least("during", "since", since, 0)
    at_least("during", "until", until, since)
    inner = chain(*chain_of("during", "policy", policy, POLICIES))

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        day = seen.now / SECONDS
        on = (day >= since) & (day < until)

        def chosen(new: Tree, old: Tree) -> Tree:
            return jax.tree.map(lambda a, b: jnp.where(on, a, b), new, old)

        asked, after = inner.update(action, state, seen)
        # What nobody had asked for before is nothing outside the span: no replay, no pull, no alarm.
        kept: dict[str, Any] = {
            name: chosen(new, jax.tree.map(jnp.zeros_like, new) if old is None else old)
            for name, new, old in zip(Action._fields, asked, action, strict=True)
            if new is not None and name != "replays"
        }
        if asked.replays is not None:
            before = jnp.int32(0) if action.replays is None else action.replays.n
            kept["replays"] = asked.replays._replace(n=jnp.where(on, asked.replays.n, before))
        return asked._replace(**kept), chosen(after, state)

    return Policy(inner.init, update)
