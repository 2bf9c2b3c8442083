"""Baselines: models without a network, on the same stream, behind the same contract."""

from collections.abc import Callable

from model.baselines.factors import bpr_mf, isgd
from model.baselines.memory import item_cooccurrence, markov, own_recent
from model.baselines.popularity import decayed_popular, popular, random
from model.parts import Recommender

BASELINES: dict[str, Callable[..., Recommender]] = {
    part.__name__: part
    for part in (random, popular, decayed_popular, own_recent, markov, item_cooccurrence, isgd, bpr_mf)
}
