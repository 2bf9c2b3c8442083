"""What a shop publishes says something of its products, but not all."""

from __future__ import annotations

import numpy as np

from simulator.catalogue import draw_catalogue
from simulator.rhythm import DAY, HOUR
from simulator.spec import CatalogueSpec, WorldSpec


def test_shapes_types_and_ranges() -> None:
    published, truth = draw_catalogue(WorldSpec(), 1)
    dtypes = {name: column.dtype.str for name, column in {**published, **truth}.items()}
    assert dtypes == {
        "category": "<i4",
        "brand": "<i4",
        "price": "<f4",
        "launch_time": "<i8",
        "content": "<f4",
        "category_vector": "<f4",
        "product_vector": "<f4",
        "category_appeal": "<f4",
        "appeal": "<f4",
    }
    assert set(published["category"].tolist()) == set(range(40))
    assert published["price"].min() > 0
    assert np.allclose(np.linalg.norm(truth["product_vector"], axis=1), 1)


def test_launches_fall_on_full_hours_of_the_span() -> None:
    spec = WorldSpec(catalogue=CatalogueSpec(launched=0.4, launch_from_day=2.0, launch_until_day=3.0))
    when = draw_catalogue(spec, 1)[0]["launch_time"]
    late = when[when > 0]
    assert abs(len(late) / 2_000 - 0.4) < 0.04
    assert (late % HOUR == 0).all()
    assert late.min() == 2 * DAY
    assert late.max() == 3 * DAY


def test_something_is_on_sale_from_the_start_even_if_all_is_to_be_launched() -> None:
    assert draw_catalogue(WorldSpec(catalogue=CatalogueSpec(launched=1.0)), 1)[0]["launch_time"][0] == 0


def test_content_tells_like_products_apart_from_others_better_where_it_is_less_noisy() -> None:
    published, truth = draw_catalogue(WorldSpec(), 1)
    meaning = truth["category_vector"][published["category"]] + truth["product_vector"]
    like = np.corrcoef(meaning[:300])[np.triu_indices(300, 1)]
    match = [
        np.corrcoef(np.corrcoef(published["content"][:300, m])[np.triu_indices(300, 1)], like)[0, 1] for m in range(3)
    ]
    assert match[0] > match[1] > match[2] > 0.05
