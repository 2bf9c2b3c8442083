"""What the makers of policies share: chains, policies without a state, the pace of learning."""

from __future__ import annotations

from collections.abc import Callable

from jax import Array

from model.parts import Action, Policy, Seen, Tree


def chain(*policies: Policy) -> Policy:
    """Apply policies one after the other (as `optax.chain` does with gradient transformations).

    >>> from model.policies import POLICIES
    >>> both = chain(POLICIES["every"](n=4), POLICIES["decay"](half_life=3600.0))
    >>> len(both.init())
    2
    """

    def init() -> Tree:
        return tuple(policy.init() for policy in policies)

    def update(action: Action, state: Tree, seen: Seen) -> tuple[Action, Tree]:
        after = []
        for policy, own in zip(policies, state, strict=True):
            action, own = policy.update(action, own, seen)
            after.append(own)
        return action, tuple(after)

    return Policy(init, update)


def stateless(update: Callable[[Action, Seen], Action]) -> Policy:
    """Return a policy that remembers nothing."""
    return Policy(lambda: (), lambda action, state, seen: (update(action, seen), state))


def paced(action: Action, factor: Array) -> Action:
    """Return the action with both learning rates times a factor."""
    return action._replace(rate=action.rate * factor, weights=action.weights * factor)
