"""The catalogue is drawn once, before the world runs: what a shop publishes, and what only the simulator knows.

published   category[P] i4, brand[P] i4, price[P] f4 (money), launch_time[P] i8 (us, full hours; 0: from the start),
            content[P, modalities, width] f4 (what is said of a product: a noisy image of its vectors)
truth       category_vector[C, D] f4, product_vector[P, D] f4 (unit length), category_appeal[C] f4, appeal[P] f4 (nats)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from journal.chance import stream
from simulator.rhythm import HOUR
from simulator.spec import WorldSpec

Arrays = dict[str, NDArray[Any]]


def _sizes(rng: np.random.Generator, groups: int) -> NDArray[np.float64]:
    """Shares of groups of unequal size (lognormal)."""
    weight: NDArray[np.float64] = np.exp(0.6 * rng.standard_normal(groups))
    weight /= weight.sum()
    return weight


def _unit(rng: np.random.Generator, n: int, width: int) -> NDArray[np.float32]:
    vectors = rng.standard_normal((n, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def draw_catalogue(spec: WorldSpec, seed: int) -> tuple[Arrays, Arrays]:
    """Return the published arrays and the true ones; see the module's docstring.

    >>> published, truth = draw_catalogue(WorldSpec(), 1)
    >>> published["content"].shape, truth["product_vector"].shape
    ((2000, 3, 16), (2000, 16))
    """
    shop, factors = spec.catalogue, spec.shoppers.factors
    rng = stream(seed, "catalogue", "kinds")
    category = rng.choice(shop.categories, shop.products, p=_sizes(rng, shop.categories))
    brand = rng.choice(shop.brands, shop.products, p=_sizes(rng, shop.brands))
    rng = stream(seed, "catalogue", "vectors")
    category_vector = _unit(rng, shop.categories, factors)
    product_vector = _unit(rng, shop.products, factors)
    rng = stream(seed, "catalogue", "appeal")
    category_appeal = shop.category_appeal * rng.standard_normal(shop.categories)
    appeal = shop.appeal * rng.standard_normal(shop.products)
    published: Arrays = {
        "category": category.astype(np.int32),
        "brand": brand.astype(np.int32),
        "price": _prices(spec, seed, category),
        "launch_time": _launches(spec, seed),
        "content": _content(spec, seed, category_vector[category] + product_vector),
    }
    truth = {
        "category_vector": category_vector,
        "product_vector": product_vector,
        "category_appeal": category_appeal.astype(np.float32),
        "appeal": appeal.astype(np.float32),
    }
    return published, truth


def _prices(spec: WorldSpec, seed: int, category: NDArray[np.int64]) -> NDArray[np.float32]:
    rng, shop = stream(seed, "catalogue", "price"), spec.catalogue
    level = rng.standard_normal(shop.categories)[category] + rng.standard_normal(shop.products)
    price: NDArray[np.float64] = np.round(shop.price * np.exp(shop.price_spread * level), 2)
    return np.maximum(price, 0.01).astype(np.float32)


def _launches(spec: WorldSpec, seed: int) -> NDArray[np.int64]:
    """Launch times: full hours, evenly spread over the span; product 0 is always there from the start."""
    rng, shop = stream(seed, "catalogue", "launch"), spec.catalogue
    late = rng.random(shop.products) < shop.launched
    late[0] = False
    day = shop.launch_from_day + rng.random(shop.products) * (shop.launch_until_day - shop.launch_from_day)
    return np.where(late, np.maximum(np.round(day * 24), 1).astype(np.int64) * HOUR, 0)


def _content(spec: WorldSpec, seed: int, meaning: NDArray[np.float32]) -> NDArray[np.float32]:
    """One random linear image of a product's meaning a modality, plus noise: stand-ins for text, image, audio."""
    shop, factors = spec.catalogue, spec.shoppers.factors
    images = []
    for modality, noise in enumerate(shop.content_noise):
        rng = stream(seed, "catalogue", "content", modality)
        signal = meaning @ rng.standard_normal((factors, shop.content_width)) / np.sqrt(2)
        images.append(signal + noise * rng.standard_normal(signal.shape))
    return np.stack(images, axis=1).astype(np.float32)
