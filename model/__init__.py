"""The online graph model, its update policies and the baselines."""

from model.baselines import BASELINES
from model.compiling import keep_compiled
from model.contract import Catalogue, Entries, Events, Learnings, Outcomes, Updater
from model.encoders import ENCODERS
from model.encoders.contract import Encoder
from model.grouping import Joint, grouped
from model.learner import Learner, best
from model.network import network
from model.parts import Action, Policy, Recommender, Seen
from model.policies import POLICIES, chain

__all__ = [
    "BASELINES",
    "ENCODERS",
    "POLICIES",
    "Action",
    "Catalogue",
    "Encoder",
    "Entries",
    "Events",
    "Joint",
    "Learner",
    "Learnings",
    "Outcomes",
    "Policy",
    "Recommender",
    "Seen",
    "Updater",
    "best",
    "chain",
    "grouped",
    "keep_compiled",
    "network",
]
