"""Holding what was learned: the encoder is drawn to a slow copy, or returns to a good one."""

from __future__ import annotations

import jax.numpy as jnp

from model.parts import Action, Policy, Seen, Tree, at_least
from model.policies.common import stateless


def anchor(pull: float = 0.01, pace: float = 0.001, firm: float = 0.0) -> Policy:
    """Draw the encoder's weights to a slow copy of them by a share `pull` at each learning.

    pace  share by which the copy follows the weights at each learning
    firm  0 draws all weights alike, 1 draws those more that mattered more (elastic weight consolidation, Kirkpatrick et
          al. 2017, with a running diagonal of the Fisher information)

    The slow copy: Polyak and Juditsky 1992; as a teacher: Tarvainen and Valpola 2017. Formulae: `model.holding`.
    """
    for key, value in (("pull", pull), ("pace", pace), ("firm", firm)):
        if not 0 <= value <= 1:
            raise ValueError(f"anchor: {key} is {value}; it is a share, from 0 to 1")

    def update(action: Action, seen: Seen) -> Action:
        held = action._replace(pull=jnp.float32(pull), save=jnp.float32(pace))
        return held._replace(firm=jnp.float32(firm)) if firm else held

    return stateless(update)


def rollback(fall: float = 0.5, memory: float = 200.0, rest: int = 1000) -> Policy:
    """Save the encoder's weights while accuracy is good, and return to them when it collapses.

    The hit rate over about `memory` events is held against the one over ten times as many. While it is not below, the
    weights are saved at each learning; when it falls by the share `fall`, they return to what was saved, and the next
    `rest` events pass before they can return again. Entity vectors stay. The rule is driftlab's own. It reads each
    event's rank: a pass over the catalogue.
    """
    at_least("rollback", "memory", memory, 1)
    at_least("rollback", "rest", rest, 1)
    if not 0 < fall < 1:
        raise ValueError(f"rollback: fall is {fall}; it is a share between 0 and 1")

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        count, fast, slow, tired = state
        count = count + 1.0
        fast = fast + (seen.hit - fast) * jnp.maximum(1.0 / memory, 1.0 / count)
        slow = slow + (seen.hit - slow) * jnp.maximum(0.1 / memory, 1.0 / count)
        known = count > 10.0 * memory
        back = known & (fast < (1.0 - fall) * slow) & (tired == 0)
        good = fast >= slow
        action = action._replace(pull=back.astype(jnp.float32), save=(good & ~back).astype(jnp.float32))
        return action, (count, fast, slow, jnp.where(back, rest, jnp.maximum(tired - 1, 0)))

    return Policy(lambda: (jnp.float32(0), jnp.float32(0), jnp.float32(0), jnp.int32(0)), update)
