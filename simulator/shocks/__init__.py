"""Shocks: what happens to products and crowds, one file an idea; the table is what a scenario may name."""

from __future__ import annotations

from collections.abc import Callable

from simulator.shocks.bots import click_farm, scraper, shilling
from simulator.shocks.contract import Change, Plan, Scene, Sham, Shock
from simulator.shocks.crowds import churn, influx
from simulator.shocks.products import (
    brand_scandal,
    category_death,
    flash_sale,
    launch_wave,
    price_war,
    stock_out,
    viral,
)

__all__ = ["SHOCKS", "Change", "Plan", "Scene", "Sham", "Shock"]

SHOCKS: dict[str, Callable[..., Shock]] = {
    "viral": viral,
    "flash_sale": flash_sale,
    "price_war": price_war,
    "stock_out": stock_out,
    "launch_wave": launch_wave,
    "brand_scandal": brand_scandal,
    "category_death": category_death,
    "influx": influx,
    "churn": churn,
    "click_farm": click_farm,
    "scraper": scraper,
    "shilling": shilling,
}
