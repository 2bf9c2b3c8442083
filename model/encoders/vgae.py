"""The variational graph auto-encoder (Kipf and Welling 2016), with one linear hop (Salha et al. 2020).

    q(z_v) = N(mu_v, diag(sigma_v^2)),  mu_v = W h_v + b,  log sigma_v^2 = 10 (U h_v + c),  h_v = [x_v ; sum_k a_k x_k]
    loss = -log softmax(z_u . z_i) at z_v = mu_v + sigma_v noise_v  +  beta mean_v KL(q(z_v) || N(0, prior^2 I))
    KL = 1/2 sum_d (mu^2 + sigma^2) / prior^2 - 1 - log(sigma^2 / prior^2)

h, W and b are those of `model.encoders.sage`, with relations that fade. What is served and asked with is mu; only the
loss draws, with noise from a hash of the event's number. The source's own code weighs the KL by one over the number of
nodes; beta is that weight. Slopes of a log variance are that small, so the factor 10 lets it move within days.

U starts at 0 and 10 c at the log of `noise` squared. Noise longer than the vectors start, which is a network's
`spread`, drowns what they have to say for thousands of events.
"""

from __future__ import annotations

import jax.numpy as jnp
from flax import nnx
from jax import Array

from model.encoders.contract import Encoder, Neighbourhood, one_hop_cost
from model.encoders.products import product
from model.encoders.sage import Sage

LOWEST, HIGHEST = -20.0, 4.0
"""The range of log variances."""

PACE = 10.0
"""How much a log variance is for a unit of U h + c."""


class Vgae(Sage):
    """Parameters: those of Sage for the mean; for the log variance U float32[2 d, d] of a shopper and of a product, and
    c float32[2, d]."""

    def __init__(self, dim: int, near: float, noise: float, rngs: nnx.Rngs) -> None:
        super().__init__(dim, near, rngs)
        self.shopper_spread = nnx.Param(jnp.zeros((2 * dim, dim)))
        self.product_spread = nnx.Param(jnp.zeros((2 * dim, dim)))
        self.level = nnx.Param(jnp.full((2, dim), 2.0 * jnp.log(noise) / PACE))

    def moments(self, around: Neighbourhood) -> tuple[Array, Array]:
        """Return mean and log variance, float32[C, d] each."""
        both = self.both(around)
        shopper = product(both[:1], self.shopper_spread[...]) + self.level[0]
        products = product(both[1:], self.product_spread[...]) + self.level[1]
        return self.mapped(both), jnp.clip(PACE * jnp.concatenate([shopper, products]), LOWEST, HIGHEST)


def divergence(mean: Array, log_variance: Array, prior: float) -> Array:
    """Return the Kullback-Leibler divergence from N(0, prior^2 I), nats, of normal vectors [..., d].

    >>> divergence(jnp.zeros(3), jnp.zeros(3), 1.0).item()
    0.0
    """
    ratio = log_variance - 2.0 * jnp.log(prior)
    return 0.5 * (jnp.square(mean / prior) + jnp.exp(ratio) - 1.0 - ratio).sum(axis=-1)


def vgae(
    beta: float = 0.001,
    noise: float = 0.015,
    prior: float = 1.0,
    near: float = 0.0,
    habits: bool = True,
    content: bool = False,
) -> Encoder:
    """The variational graph auto-encoder over sage (Kipf and Welling 2016): the loss sees draws, all else means.

    beta   weight of the divergence from the prior
    noise  standard deviation of the vectors at first
    prior  standard deviation of the prior
    near   how much a product starts as its last shoppers
    """

    def sample(module: Vgae, around: Neighbourhood, normal: Array) -> tuple[Array, Array]:
        mean, log_variance = module.moments(around)
        return mean + jnp.exp(0.5 * log_variance) * normal, beta * divergence(mean, log_variance, prior).mean()

    def cost(dim: int, neighbours: int) -> float:
        return one_hop_cost(dim, neighbours) + 2.0 * 2.0 * dim * dim

    return Encoder("vgae", lambda dim, rngs: Vgae(dim, near, noise, rngs), None, habits, sample, content, cost=cost)
