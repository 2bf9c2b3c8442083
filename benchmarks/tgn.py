"""A temporal graph network as PyTorch Geometric's example trains it, on the same warm shop and the same events.

Its parts are the library's own: `TGNMemory`, `LastNeighborLoader`, and attention over the last K relations by
`TransformerConv`; a predictor of two layers tells a link that is there from one drawn at random (one negative an event,
as in the example; the network here draws 8). Memory, time and embedding have one width. The message of an event is its
kind, one number a kind, and zeros up to the message's width. A batch is predicted from the memories before it, then
written: within a batch nothing is known of its other events.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch_geometric.nn import TGNMemory, TransformerConv
from torch_geometric.nn.models.tgn import IdentityMessage, LastAggregator, LastNeighborLoader

from journal.facts import MICROSECONDS
from model import Events, Learner
from model.graph import FIRST_KIND, RELATION, Columns

RATE = 1e-4


class Attention(nn.Module):
    """Embeds nodes from their memories and those of their last neighbours."""

    def __init__(self, width: int, message: int, times: nn.Module) -> None:
        super().__init__()
        self.times = times
        self.attend = TransformerConv(width, width // 2, heads=2, dropout=0.1, edge_dim=message + width)

    def forward(self, memories: Tensor, updated: Tensor, edges: Tensor, at: Tensor, message: Tensor) -> Tensor:
        since = self.times((updated[edges[0]] - at).to(memories.dtype))
        return self.attend(memories, edges, torch.cat([since, message], -1))


class Link(nn.Module):
    """Says how likely a shopper is to meet a product."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ends = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.out = nn.Linear(width, 1)

    def forward(self, shoppers: Tensor, products: Tensor) -> Tensor:
        return self.out((self.ends[0](shoppers) + self.ends[1](products)).relu())


class Graph:
    """Planted relations and coming events by number, as the library's loader wants them; shoppers behind products."""

    def __init__(
        self, learner: Learner, columns: Columns, products: int, shoppers: int, stream: Events, message: int
    ) -> None:
        self.products, self.nodes = products, products + shoppers
        buyers = learner.layout.shopper(0)
        table = np.asarray(learner.carry.state["table"])
        rows = np.concatenate([table[:products], table[buyers : buyers + shoppers]])[:, columns.relations]
        block = torch.from_numpy(rows.reshape(self.nodes, RELATION, -1).copy())
        near = block[:, 0].long()
        self.near = torch.where(near < products, near, near - buyers + products)
        planted = self.near.numel()
        self.loader = LastNeighborLoader(self.nodes, self.near.shape[1])
        self.loader.neighbors[:] = self.near
        # Newer relations stand first in a row and need higher numbers.
        self.loader.e_id[:] = torch.arange(planted).reshape(self.nodes, -1).flip(1)
        self.loader.cur_e_id = planted
        origin = int(stream.time[0])
        times = torch.from_numpy((stream.time - origin) // MICROSECONDS)
        self.source = torch.from_numpy(stream.shopper.astype(np.int64)) + products
        self.target = torch.from_numpy(stream.product.astype(np.int64))
        kinds = torch.from_numpy(stream.kind.astype(np.int64)) - FIRST_KIND
        self.times, self.first = torch.cat([block[:, 2].flip(1).reshape(-1).long(), times]), planted
        kinds = torch.cat([torch.zeros(planted, dtype=torch.long), kinds])
        self.messages = nn.functional.one_hot(kinds, message).float()


class Peer:
    """The network, its optimiser, and where it stands in the stream."""

    def __init__(self, graph: Graph, width: int) -> None:
        torch.manual_seed(1)
        self.graph, self.at = graph, 0
        message = graph.messages.shape[1]
        self.memory = TGNMemory(
            graph.nodes, message, width, width, IdentityMessage(message, width, width), LastAggregator()
        )
        self.attention = Attention(width, message, self.memory.time_enc)
        self.link = Link(width)
        everything = nn.ModuleList([self.memory, self.attention, self.link]).train()
        self.optimiser = torch.optim.Adam(everything.parameters(), lr=RATE)
        self.place = torch.empty(graph.nodes, dtype=torch.long)
        self._warm()

    @torch.no_grad()
    def _warm(self) -> None:
        """Leave a message with every node, as after a long stream: its last relation."""
        graph = self.graph
        nodes, newest = torch.arange(graph.nodes), graph.loader.e_id[:, 0]
        self.memory.update_state(nodes, graph.near[:, 0], graph.times[newest], graph.messages[newest])

    def learn(self, n: int) -> float:
        """Train on the next n events as one batch and return the loss."""
        graph = self.graph
        part = slice(self.at, self.at + n)
        source, target = graph.source[part], graph.target[part]
        other = torch.randint(graph.products, target.shape)
        numbers = slice(graph.first + self.at, graph.first + self.at + len(source))
        self.at += n
        self.optimiser.zero_grad()
        nodes, edges, known = graph.loader(torch.cat([source, target, other]).unique())
        self.place[nodes] = torch.arange(len(nodes))
        memories, updated = self.memory(nodes)
        z = self.attention(memories, updated, edges, graph.times[known], graph.messages[known])
        shoppers = z[self.place[source]]
        there, not_there = (self.link(shoppers, z[self.place[ends]]) for ends in (target, other))
        judge = nn.functional.binary_cross_entropy_with_logits
        loss = judge(there, torch.ones_like(there)) + judge(not_there, torch.zeros_like(not_there))
        self.memory.update_state(source, target, graph.times[numbers], graph.messages[numbers])
        graph.loader.insert(source, target)
        loss.backward()
        self.optimiser.step()
        self.memory.detach()
        return loss.item()
