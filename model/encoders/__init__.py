"""Encoders: from a neighbourhood of the graph to the vectors of its nodes."""

from collections.abc import Callable

from model.encoders.contract import Encoder
from model.encoders.gat import gat
from model.encoders.lightgcn import lightgcn
from model.encoders.memory import memory
from model.encoders.paper import paper
from model.encoders.sage import sage
from model.encoders.vgae import vgae

ENCODERS: dict[str, Callable[..., Encoder]] = {
    "sage": sage,
    "paper": paper,
    "gat": gat,
    "lightgcn": lightgcn,
    "vgae": vgae,
    "memory": memory,
}
