"""Update policies: when, how and how much a recommender learns. Each is a part, traceable, and `chain` composes them.

A policy takes the action that the one before it proposed and returns its own. Policies only restrict: an event that an
earlier policy of a chain drops stays dropped.

when       which events are learned at once, which wait, which are dropped
budgets    how many an hour
pace       how hard
alarms     by a detector's alarm, or by the truth
during     another policy for a span of the run
holding    the encoder is held by what it was
replaying  events are learned again
"""

from __future__ import annotations

from collections.abc import Callable

from model.parts import Policy
from model.policies.alarms import on_drift, oracle, schedule
from model.policies.budgets import adaptive_budget, budget
from model.policies.common import chain
from model.policies.during import during
from model.policies.holding import anchor, rollback
from model.policies.pace import decay, priority, rows_only, warmup
from model.policies.replaying import hybrid, periodic_retrain, replay
from model.policies.when import (
    by_relation,
    cold_first,
    delay,
    every,
    every_event,
    every_seconds,
    micro_batch,
    never,
    note,
    random,
)

_PARTS = (
    *(never, every_event, every, every_seconds, micro_batch, random, by_relation, cold_first, note, delay),
    *(budget, adaptive_budget),
    *(decay, rows_only, warmup, priority),
    *(on_drift, oracle, schedule),
    during,
    *(anchor, rollback),
    *(replay, periodic_retrain, hybrid),
)

POLICIES: dict[str, Callable[..., Policy]] = {part.__name__: part for part in _PARTS}

__all__ = ["POLICIES", "budget", "chain", "every", "every_event"]
