"""The world's parameters: every number a scenario may set, with its default, unit and range; a spec holds no behaviour.

The defaults are the scenario `steady`. A field's range, unit and meaning are in its dataclass metadata
(`low`, `high`, `unit`, `about`), so that a schema and a help page can be made from here and from nowhere else.

share      a fraction, from 0 to 1
spread     standard deviation of a logarithm (of a rate, a price, a weight)
nats       units of utility: one nat more makes a choice e times as likely
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from journal.errors import Refusal

WEEK_SHARES = (9.8, 10.5, 10.6, 10.3, 11.4, 23.8, 23.6)
"""Weekday shares from Monday, measured on a slice of Taobao's behaviour log."""

HOUR_SHARES = (
    *(3.4, 1.5, 0.8, 0.4, 0.6, 0.8, 1.6, 2.6, 3.1, 4.0, 4.6, 4.5),
    *(4.0, 5.1, 5.1, 5.5, 5.3, 4.5, 4.7, 6.5, 7.8, 8.8, 8.4, 6.1),
)
"""Hour shares from midnight, measured on the same log."""


def _number(default: Any, low: float, high: float, unit: str, about: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "about": about})


@dataclass(frozen=True, slots=True)
class CatalogueSpec:
    """Products: how many, how alike, how popular, how dear, and how many are launched while the world runs."""

    products: int = _number(2_000, 1, 1_000_000, "products", "products that are ever on sale")
    categories: int = _number(40, 1, 100_000, "categories", "categories, of unequal size")
    brands: int = _number(80, 1, 100_000, "brands", "brands, of unequal size")
    launched: float = _number(
        0.05, 0, 1, "share", "products launched during the run (cold start); the others are there at 0"
    )
    launch_from_day: float = _number(1.0, 0, 3_650, "days", "when the first launch may be")
    launch_until_day: float = _number(13.0, 0, 3_650, "days", "when the last launch may be")
    appeal: float = _number(0.8, 0, 3, "spread", "popularity of products within a category, whoever chooses")
    category_appeal: float = _number(0.7, 0, 3, "spread", "popularity of categories, whoever chooses")
    price: float = _number(30.0, 0.01, 1e6, "money", "median price")
    price_spread: float = _number(0.5, 0, 3, "spread", "prices within a category (between categories: the same again)")
    content_width: int = _number(16, 1, 4_096, "numbers", "length of a content vector of one modality")
    margin: float = _number(0.35, 0, 1, "share", "of the list price that is left after a product's own cost")
    content_noise: tuple[float, ...] = _number((0.5, 1.0, 2.0), 0, 100, "ratio", "noise over signal of each modality")


@dataclass(frozen=True, slots=True)
class ShopperSpec:
    """Shoppers: how many, what they are interested in and how strongly that decides what they choose."""

    shoppers: int = _number(1_000, 1, 10_000_000, "shoppers", "shoppers that ever join")
    joining: float = _number(0.1, 0, 1, "share", "shoppers who join during the run; the others are there at 0")
    factors: int = _number(16, 2, 1_024, "factors", "length of an interest vector, an even number")
    cohorts: int = _number(8, 1, 10_000, "cohorts", "groups of shoppers with interests in common")
    shared: float = _number(0.1, 0, 1, "share", "variance of interests that all shoppers have in common")
    cohort_shared: float = _number(0.4, 0, 1, "share", "variance of interests that a cohort has in common")
    category_interest: float = _number(2.4, 0, 6, "nats", "spread of category utility that comes of interests")
    product_interest: float = _number(2.2, 0, 6, "nats", "spread of product utility within a category from interests")
    price_sensitivity: float = _number(1.0, 0, 20, "nats", "mean utility lost per e-fold of price above the budget")
    budget_spread: float = _number(0.6, 0, 5, "spread", "budgets, around the median price")
    novelty: float = _number(3.5, 0, 20, "nats", "mean reluctance to choose afresh a product known before the session")
    newness: float = _number(1.0, 0, 20, "nats", "utility of a product just launched; it fades")
    newness_days: float = _number(2.0, 0.01, 365, "days", "time constant in which newness fades")
    loyalty: float = _number(0.8, 0, 20, "nats", "mean utility of a brand the shopper bought before")
    satiation: float = _number(2.0, 0, 20, "nats", "utility a category loses by a purchase in it; it comes back")
    satiation_days: float = _number(2.0, 0.01, 365, "days", "time constant in which satiation fades")


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """Sessions: how often, how long, and how one choice leads to the next."""

    per_day: float = _number(0.9, 0.001, 100, "sessions a day", "mean over shoppers")
    activity: float = _number(0.7, 0, 3, "spread", "rates of sessions among shoppers (heavy-tailed)")
    length: float = _number(3.0, 1, 1_000, "interactions", "median interactions in a session")
    length_spread: float = _number(1.15, 0, 3, "spread", "session lengths")
    longest: int = _number(150, 1, 10_000, "interactions", "most interactions in a session")
    gap: float = _number(60.0, 0.001, 3_600, "seconds", "median time between interactions in a session")
    gap_spread: float = _number(1.0, 0, 3, "spread", "times between interactions")
    stay: float = _number(0.31, 0, 1, "share", "fresh choices made in the category of the interaction before")
    recall: float = _number(0.07, 0, 1, "share", "choices that return to a product the shopper knows")
    recency: float = _number(
        1.0, 0, 5, "exponent", "the r-th latest known product is recalled in proportion to r ** -recency"
    )
    memory: int = _number(50, 1, 10_000, "products", "latest known products kept from one session to the next")


@dataclass(frozen=True, slots=True)
class FunnelSpec:
    """What a shopper does with a product it has chosen, by what it did with it before; the rest is a view."""

    new: tuple[float, float, float] = _number(
        (0.022, 0.04, 0.014), 0, 1, "shares", "favourite, cart, purchase of a product not known (not a strict chain)"
    )
    seen: tuple[float, float, float] = _number(
        (0.045, 0.1, 0.027), 0, 1, "shares", "favourite, cart, purchase of a product seen or favourited before"
    )
    carted: tuple[float, float, float] = _number(
        (0.02, 0.03, 0.08), 0, 1, "shares", "favourite, cart, purchase of a product carted before"
    )
    reviewed: float = _number(0.05, 0, 1, "share", "purchases that lead to a review")
    review_days: float = _number(3.0, 0.01, 365, "days", "mean time from a purchase to its review (exponential)")
    returned: float = _number(0.04, 0, 1, "share", "purchases that are returned")
    return_days: float = _number(5.0, 0.01, 365, "days", "mean time from a purchase to its return (exponential)")


@dataclass(frozen=True, slots=True)
class RhythmSpec:
    """When sessions begin: relative rates of weekdays (from Monday; day 0 is a Monday) and hours (from midnight).

    A surge is a span in which all come so many times as often; it may come again.
    """

    weekdays: tuple[float, ...] = _number(WEEK_SHARES, 0, 1e6, "rates", "7 numbers, Monday first")
    hours: tuple[float, ...] = _number(HOUR_SHARES, 0, 1e6, "rates", "24 numbers, midnight first")
    surge: float = _number(1.0, 0.01, 1_000, "factor", "by which sessions are more frequent during the surge")
    surge_day: float = _number(4.0, 0, 3_650, "days", "when the surge begins")
    surge_hours: float = _number(24.0, 0, 87_600, "hours", "how long it lasts")
    surge_again: tuple[float, ...] = _number((), 0, 3_650, "days", "when further surges begin, as large and as long")


@dataclass(frozen=True, slots=True)
class LoopSpec:
    """How slates reach shoppers: those of a live model, for which the world is run with a `serve`, or of the oracle."""

    mode: str = field(default="open", metadata={"choices": ("open", "closed"), "about": "whether slates are shown"})
    server: str = field(
        default="",
        metadata={"about": "lane that serves slates; 'oracle' for who knows every mind, nothing for the first lane"},
    )
    slate: int = _number(10, 1, 1_000, "products", "length of a slate")
    held_out: float = _number(0.2, 0, 1, "share", "sessions that see no slate")
    attention: float = _number(
        0.85, 0, 1, "share", "those who look on from one position of a slate to the next (cascade)"
    )
    reluctance: float = _number(
        10.0, -20, 20, "nats", "utility at which a product that is looked at is clicked half the time"
    )


@dataclass(frozen=True, slots=True)
class DeliverySpec:
    """How facts reach who learns from them while nothing is broken; what breaks is in the parts `fault`."""

    delay: float = _number(0.0, 0, 1e7, "seconds", "from a fact to its delivery: the mean, or median where lognormal")
    law: str = field(
        default="constant",
        metadata={"choices": ("constant", "exponential", "lognormal"), "about": "distribution of that time"},
    )
    spread: float = _number(1.0, 0, 5, "spread", "of that time where it is lognormal; 2 is a heavy tail")
    workers: int = _number(1, 1, 1_000, "workers", "who learn, for each lane")
    event_seconds: float = _number(0.0, 0, 86_400, "seconds", "of a worker's time to learn an event, also once more")
    call_seconds: float = _number(0.0, 0, 86_400, "seconds", "besides, for each call of events learned together")
    queue: int = _number(10_000, 1, 30_000, "events", "that may wait for a worker")
    when_full: str = field(
        default="block",
        metadata={
            "choices": ("block", "shed_oldest", "sample"),
            "about": "more wait outside; the oldest are shed; the fuller the queue, the smaller a share is taken",
        },
    )
    naive: bool = field(default=False, metadata={"about": "a fact that is delivered again is learned again"})
    at_once: bool = field(
        default=False,
        metadata={"about": "each lane also runs as if all came and was learned at once, to be held against"},
    )


@dataclass(frozen=True, slots=True)
class UpliftSpec:
    """How shoppers answer coupons, if any are issued; who is none of those named here is a lost cause."""

    persuadable: float = _number(0.25, 0, 1, "share", "shoppers who buy more often while they hold a coupon")
    sure_thing: float = _number(0.3, 0, 1, "share", "shoppers who use a coupon for what they would buy anyway")
    sleeping_dog: float = _number(0.15, 0, 1, "share", "shoppers whom a coupon annoys: they buy less often")
    traits: float = _number(
        1.0, 0, 5, "nats", "weight of traits in who is what: a spread of price sensitivity or of activity"
    )
    lift: float = _number(1.2, 0, 5, "nats", "mean rise of a persuadable's log probability to buy what was chosen")
    annoyance: float = _number(0.8, 0, 5, "nats", "mean fall of a sleeping dog's")


@dataclass(frozen=True, slots=True)
class TermsSpec:
    """What a campaign offers, for how long, to how many of its audience, and what it may cost."""

    at_day: float = _number(3.0, 0, 3_650, "days", "when the audience is chosen and coupons are issued")
    days: float = _number(7.0, 0.01, 3_650, "days", "how long coupons are good")
    discount: float = _number(0.2, 0, 0.95, "share", "of the price, taken off one purchase")
    category: int = _number(-1, -1, 100_000, "category", "the coupon is for products of it; -1 for all")
    budget: float = _number(1_000.0, 0, 1e12, "money", "most that is taken off prices in all")
    contact_cost: float = _number(0.1, 0, 1e6, "money", "cost of issuing one coupon")
    hold_out: float = _number(0.2, 0, 1, "share", "of the audience that gets no coupon, by chance: the control group")


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """A whole world.

    >>> WorldSpec(days=2.0).catalogue.products
    2000
    """

    days: float = _number(14.0, 0.01, 3_650, "days", "length of the run in simulated time")
    catalogue: CatalogueSpec = CatalogueSpec()
    shoppers: ShopperSpec = ShopperSpec()
    sessions: SessionSpec = SessionSpec()
    funnel: FunnelSpec = FunnelSpec()
    rhythm: RhythmSpec = RhythmSpec()
    loop: LoopSpec = LoopSpec()
    uplift: UpliftSpec = UpliftSpec()


ORACLE = "oracle"
"""The server that the world itself is: it knows what every shopper would like best."""


def check(spec: WorldSpec) -> None:
    """Raise a `Refusal` that names every field out of its range; a spec that passes can be simulated.

    >>> check(WorldSpec(days=-1.0))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    journal.errors.Refusal: The world cannot be built: days = -1.0 is outside 0.01 to 3650 (days: length of the ...).
    """
    found = list(faults(spec))
    if found:
        raise Refusal(f"The world cannot be built: {'; '.join(found)}.")


def faults(spec: WorldSpec) -> Iterator[str]:
    """Yield what is wrong with a spec; each fault begins with the dotted name of the field it is about.

    >>> list(faults(WorldSpec(shoppers=ShopperSpec(factors=7))))
    ['shoppers.factors = 7 is odd, and interests turn in planes of two factors']
    """
    outside = list(out_of_range(spec, ""))
    yield from outside
    if outside:
        return
    if spec.shoppers.factors % 2:
        yield f"shoppers.factors = {spec.shoppers.factors} is odd, and interests turn in planes of two factors"
    if spec.shoppers.shared + spec.shoppers.cohort_shared > 1:
        yield "shoppers.shared + shoppers.cohort_shared is more than the whole (1)"
    if spec.uplift.persuadable + spec.uplift.sure_thing + spec.uplift.sleeping_dog > 1:
        yield "uplift.persuadable + uplift.sure_thing + uplift.sleeping_dog is more than the whole (1)"
    if spec.catalogue.launch_until_day < spec.catalogue.launch_from_day:
        yield "catalogue.launch_until_day is before catalogue.launch_from_day"
    for name in ("weekdays", "hours"):
        if not any(getattr(spec.rhythm, name)):
            yield f"rhythm.{name} has no rate above 0, so nobody would ever come"
    begins = sorted((spec.rhythm.surge_day, *spec.rhythm.surge_again))
    if any(day < before + spec.rhythm.surge_hours / 24 for before, day in pairwise(begins)):
        yield f"rhythm.surge_again = {spec.rhythm.surge_again}: two surges of {spec.rhythm.surge_hours:g} h overlap"
    for kind in ("new", "seen", "carted"):
        if sum(getattr(spec.funnel, kind)) > 1:
            yield f"funnel.{kind} adds up to more than 1"


def term_faults(terms: TermsSpec, world: WorldSpec) -> Iterator[str]:
    """Yield what is wrong with the terms of a campaign in a world, each beginning with the name of its field.

    >>> list(term_faults(TermsSpec(category=99), WorldSpec()))
    ['category = 99 is none of the 40 categories, 0 to 39']
    """
    yield from out_of_range(terms, "")
    if terms.category >= world.catalogue.categories:
        most = world.catalogue.categories
        yield f"category = {terms.category} is none of the {most} categories, 0 to {most - 1}"
    if terms.at_day >= world.days:
        yield f"at_day = {terms.at_day:g} is not before the run ends, on day {world.days:g}, so no coupon is issued"


def out_of_range(spec: Any, where: str) -> Iterator[str]:
    """Yield the fields of a spec that are out of their range; each fault begins with `where` and the field's name."""
    lengths = {"new": 3, "seen": 3, "carted": 3, "weekdays": 7, "hours": 24}
    for made in dataclasses.fields(spec):
        name, value, meta = where + made.name, getattr(spec, made.name), made.metadata
        if dataclasses.is_dataclass(value):
            yield from out_of_range(value, f"{name}.")
        elif "choices" in meta and value not in meta["choices"]:
            yield f"{name} = {value!r} is not one of {', '.join(meta['choices'])}"
        elif "low" in meta:
            numbers = value if isinstance(value, tuple) else (value,)
            if any(not meta["low"] <= number <= meta["high"] for number in numbers):
                allowed = f"{meta['low']:g} to {meta['high']:g}"
                yield f"{name} = {value} is outside {allowed} ({meta['unit']}: {meta['about']})"
            if len(numbers) != lengths.get(made.name, len(numbers)):
                yield f"{name} has {len(numbers)} numbers, not {lengths[made.name]}"
