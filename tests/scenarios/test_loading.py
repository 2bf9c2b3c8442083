"""A scenario is loaded whole, or refused with every mistake and its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import Refusal
from scenarios import Scenario, Use, listing, load, loads
from scenarios.writing import value

MINE = 'base = "steady"\ntitle = "Mine"\n'


def refused(text: str, overrides: dict[str, Any] | None = None) -> str:
    """Return what is said against a scenario called mine.toml."""
    with pytest.raises(Refusal) as refusal:
        loads(text, "mine.toml", overrides)
    return str(refusal.value)


@pytest.mark.parametrize(("text", "said"), [
    ("dayz = 3", "mine.toml, line 3: 'dayz' is not a key of a scenario. Did you mean 'days'? Known: about, base, "),
    ("[loop]\nslat = 3", "mine.toml, line 4: 'slat' is not a key of [loop]. Did you mean 'slate'? Known: attention, "),
    ("days = '3'", "mine.toml, line 3: 'days' = '3': it must be a number."),
    ("days = true", "mine.toml, line 3: 'days' = True: it must be a number."),
    ("seed = 1.5", "mine.toml, line 3: 'seed' = 1.5: it must be a whole number."),
    ("seed = -1", "mine.toml, line 3: 'seed' = -1: it must be greater than or equal to 0."),
    ("shoppers = 100", "mine.toml, line 3: 'shoppers' = 100: it must be a table."),
    ("days = 0", "mine.toml, line 3: days = 0.0 is outside 0.01 to 3650"),
    ("[loop]\nheld_out = 1.5", "mine.toml, line 4: loop.held_out = 1.5 is outside 0 to 1"),
    ("[loop]\nmode = 'shut'", "mine.toml, line 4: loop.mode = 'shut' is not one of open, closed."),
    ("[funnel]\nnew = [0.1, 0.1]", "mine.toml, line 4: The list is too short: there is no 'funnel.new.2'."),
    ("[funnel]\nnew = [0.5, 0.5, 0.5]", "mine.toml, line 4: funnel.new adds up to more than 1."),
    ("[rhythm]\nweekdays = [0, 0, 0, 0, 0, 0, 0]", "mine.toml, line 4: rhythm.weekdays has no rate above 0"),
    ("[catalogue]\nlaunch_from_day = 5\nlaunch_until_day = 3", "mine.toml, line 5: catalogue.launch_until_day is before "),
    ("[loop]\nmode = 'closed'\nheld_out = 1", "mine.toml, line 5: in a closed loop 'held_out' = 1 leaves nobody"),
    ("drift = 'abrupt'", "mine.toml, line 3: 'drift' = 'abrupt': it must be a list."),
    ("drift = [{level = 'cohort'}]", "mine.toml, line 3: The key 'drift.0.use' is needed, here or in a base."),
    ("[[drift]]\nuse = 'abrubt'", "mine.toml, line 4: No drift named 'abrubt'. Did you mean 'abrupt'? Known: abrupt, "),
    ("[[drift]]\nuse = 'abrupt'\nshar = 1", "mine.toml, line 5: drift 'abrupt': 'shar' is not a parameter. Did you mean"),
    ("[[drift]]\nuse = 'abrupt'\nshare = 'all'", "mine.toml, line 5: drift 'abrupt': 'share' = 'all': it must be a num"),
    ("[[drift]]\nuse = 'abrupt'\nshare = 1.1", "mine.toml, line 5: drift 'abrupt(share=1.1)' cannot be made: A drift's "),
    ("[[drift]]\nuse = 'abrupt'\nat_day = 14", "mine.toml, line 5: drift 'abrupt': it begins on day 14, but the run end"),
    ("days = 5\ndrift = ['abrupt']", "mine.toml, line 4: drift 'abrupt': it begins on day 7, but the run ends on day 5"),
    ("drift = ['recurring(period_days=30)']", "mine.toml, line 3: drift 'recurring': interests come back on day 19, but"),
    ("[network]\npolicies = []", "mine.toml, line 4: 'policies' is empty; at least one is needed."),
    ("[network]\npolicies = [[]]", "mine.toml, line 4: a chain is empty; write 'every_event' for a policy that "),
    ("[network]\nbaselines = ['popular', 'popular']", "mine.toml, line 4: 'popular' stands 2 times among the baselines"),
    ("[network]\npolicies = [['never', 'never'], 'never+never']", "mine.toml, line 4: 'never+never' stands 2 times among"),
    ("[network]\npolicies = ['every(']", "mine.toml, line 4: 'network.policies.0' = 'every(': 'every(' does not read"),
    ("base = 1\n[loop]", "mine.toml, line 3, column 9: this is not TOML: cannot overwrite a value."),
])  # fmt: skip
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    assert refused(MINE + text).startswith(said)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = (
        'base = "steady"\ndayz = 3\n[shoppers]\nshoppers = -3\ncohort = 3\nloyalty = "b"\n'
        '[[drift]]\nuse = "abrubt"\n[[drift]]\nuse = "abrupt"\nat_day = 20\nshar = 3\n[network]\npolicies = "x"\n'
    )
    first, *rest = refused(text).splitlines()
    assert first == "mine.toml has 8 mistakes."
    assert [line.split(":")[0].strip() for line in rest] == [
        f"mine.toml, line {n}" for n in (2, 4, 5, 6, 8, 11, 12, 14)
    ]


def test_what_is_no_toml_is_told() -> None:
    assert refused('title = "x\n') == "mine.toml, line 1, column 11: this is not TOML: illegal character '\\n'."
    assert refused("title =") == "mine.toml, at its end: this is not TOML: invalid value."


def test_what_is_missing_is_told() -> None:
    assert refused("days = 3").splitlines()[1:] == [
        "  mine.toml: The key 'about' is needed, here or in a base.",
        "  mine.toml: The key 'title' is needed, here or in a base.",
    ]


@pytest.mark.parametrize(("base", "said"), [
    ("3", "mine.toml, line 1: 'base' = 3 must be the id of a scenario or a path that ends in '.toml'."),
    ("'stedy'", "mine.toml, line 1: No scenario named 'stedy'. Did you mean 'steady'? Known: "),
    ("'other.toml'", "mine.toml, line 1: There is no file 'other.toml'."),
])  # fmt: skip
def test_a_base_that_is_not_there_is_told(
    base: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(f"base = {base}\n").startswith(said)


def test_bases_that_go_round_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('# a\nbase = "b.toml"')
    (tmp_path / "b.toml").write_text('base = "a.toml"')
    a, b = tmp_path / "a.toml", tmp_path / "b.toml"
    with pytest.raises(Refusal) as refusal:
        load(a)
    assert str(refusal.value) == (
        f"{b}, line 1: the bases go round in a circle: {a} -> {b} -> {a}. One of them must stand without a base."
    )


def test_a_scenario_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="No scenario named 'study'. Did you mean 'steady'. Known: .*; or give a path"):
        load("study")
    (tmp_path / "mine.toml").write_text(MINE)
    with pytest.raises(Refusal, match=r"There is no file '.*mein.toml'. Did you mean 'mine.toml'"):
        load(tmp_path / "mein.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Refusal, match="cannot be read: it is not UTF-8 text"):
        load(tmp_path / "bytes.toml")


def test_only_differences_need_be_said(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE + "[shoppers]\nshoppers = 7\n")
    (tmp_path / "yours.toml").write_text('base = "mine.toml"\n[shoppers]\ncohorts = 2\n')
    yours, steady = load(tmp_path / "yours.toml"), load("steady")
    assert (yours.id, yours.title, yours.shoppers.shoppers, yours.shoppers.cohorts) == ("yours", "Mine", 7, 2)
    assert yours.model_copy(update={"id": "steady", "title": steady.title, "shoppers": steady.shoppers}) == steady


def test_a_mistake_in_a_base_is_told_with_the_base_s_place(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE + "[shoppers]\nshopers = 7\n")
    (tmp_path / "yours.toml").write_text('base = "mine.toml"\n[shoppers]\ncohorts = 2\n')
    with pytest.raises(Refusal, match=r"mine.toml, line 4: 'shopers' is not a key of \[shoppers\]"):
        load(tmp_path / "yours.toml")


def test_a_user_s_own_drift_is_seen_from_the_scenario_s_folder(tmp_path: Path) -> None:
    code = "from simulator import Drift, DRIFTS\ndef calm():\n    return DRIFTS['none']()\n"
    (tmp_path / "my.py").write_text(code)
    (tmp_path / "mine.toml").write_text(MINE + "drift = ['my.py:calm']")
    scenario = load(tmp_path / "mine.toml")
    assert scenario.drift == (Use(use=f"{tmp_path / 'my.py'}:calm"),)
    (tmp_path / "my.py").unlink()
    assert loads(scenario.toml(), "a run", kept={str(tmp_path / "my.py"): code}) == scenario


def test_overrides_are_read_as_toml_or_as_text() -> None:
    scenario = load("sudden_shift", {"days": "9", "loop.mode": "closed", "drift.0.share": 0.5, "seed": 7})
    assert (scenario.days, scenario.loop.mode, scenario.drift[0].parameters["share"]) == (9.0, "closed", 0.5)
    assert scenario.seed == 7


def test_a_name_may_look_like_a_number() -> None:
    scenario = load("steady", {"id": "2024", "title": "'true'", "about": "1e3"})
    assert (scenario.id, scenario.title, scenario.about) == ("2024", "true", "1e3")


def test_a_family_key_reaches_every_part_that_has_the_parameter() -> None:
    drift = ["none", {"use": "abrupt", "at_day": 2}, "gradual(share=0.25)"]
    scenario = load("steady", {"drift.share": "0.5", "drift": drift})
    assert [str(use) for use in scenario.drift] == ["none", "abrupt(at_day=2, share=0.5)", "gradual(share=0.5)"]


@pytest.mark.parametrize(("key", "value", "said"), [
    ("lop.mode", "closed", "--set lop.mode=closed: 'lop' is not a key of a scenario. Did you mean 'loop'?"),
    ("loop.mod", "closed", "--set loop.mod=closed: 'mod' is not a key of [loop]. Did you mean 'mode'?"),
    ("loop.slate", "ten", "--set loop.slate=ten: 'loop.slate' = 'ten': it must be a whole number."),
    ("days", "5", "sudden_shift.toml, line 16: drift 'abrupt': it begins on day 7.5, but the run ends on day 5"),
    ("days.x", "5", "--set days.x=5: 'x' would be a key of 14.0, which is no table."),
    ("drift.1.share", "1", "--set drift.1.share=1: there is no item 1, for in its place stands a list of 1."),
    ("drift.shar", "1", "--set drift.shar=1: no drift of this scenario has a parameter 'shar'. Did you mean 'share'?"),
    ("drift.share", "2", "--set drift.share=2: drift"),
    ("drift.at_day", "20", "--set drift.at_day=20: drift 'abrupt': it begins on day 20, but the run ends on day 14"),
])  # fmt: skip
def test_a_mistake_in_an_override_is_told(key: str, value: str, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        load("sudden_shift", {key: value})
    assert str(refusal.value).startswith(said)


@given(
    days=st.floats(8, 3650),
    shoppers=st.integers(1, 10**7),
    share=st.floats(0, 1),
    about=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    id_=st.from_regex(r"\A[A-Za-z0-9_-]{1,10}\Z"),
)
def test_the_written_scenario_loads_again_as_an_equal_one(
    days: float, shoppers: int, share: float, about: str, id_: str
) -> None:
    drift = [{"use": "abrupt", "share": share}]
    texts = {"id": value(id_), "about": value(about)}
    scenario = load("steady", {**texts, "days": days, "shoppers.shoppers": shoppers, "drift": drift})
    again = loads(scenario.toml(), "a run")
    assert again == scenario
    assert again.toml() == scenario.toml()


def test_a_scenario_cannot_be_changed() -> None:
    scenario: Any = load("steady")
    with pytest.raises(ValueError, match="frozen"):
        scenario.days = 3


def test_the_world_is_what_the_scenario_says() -> None:
    scenario = load("small")
    assert isinstance(scenario, Scenario)
    assert (scenario.world.days, scenario.world.catalogue.products) == (4.0, 200)


def test_the_listing_tells_every_title() -> None:
    assert listing() == sorted((id_, load(id_).title) for id_, _ in listing())


def test_a_contagion_needs_somebody_who_follows(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE + '[[drift]]\nuse = "trend"\n')
    with pytest.raises(Refusal, match=r"mine.toml, line \d+: drift 'trend' spreads .* Give a \[social\]"):
        load(tmp_path / "mine.toml")
    assert load(tmp_path / "mine.toml", {"social": "preferential"}).social == Use(use="preferential")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('social = "smallworld"', "No social named 'smallworld'. Did you mean 'small_world'?"),
        ('[social]\nuse = "small_world"\nfollow = 3', "social 'small_world': 'follow' is not a parameter."),
        ('[social]\nuse = "small_world"\nfollows = 3', "A small world's follows = 3 is odd"),
    ],
)
def test_a_follow_graph_is_checked_where_it_stands(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(f"{MINE}{given}\n")
    with pytest.raises(Refusal, match=r"mine.toml, line \d") as refused:
        load(tmp_path / "mine.toml")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("dicount = 0.1", r"'dicount' is not a key of [campaign.0]. Did you mean 'discount'?"),
        ("discount = 1.5", "discount = 1.5 is outside 0 to 0.95"),
        ("category = 77", "category = 77 is none of the 40 categories, 0 to 39"),
        ("at_day = 20.0", "at_day = 20 is not before the run ends, on day 14"),
        ('audience = "scored"', "compares the campaign's products with all others; here they are all"),
        (
            'audience = "scored"\ncategory = 3',
            "the audience 'scored' asks the live model, which serves in the closed loop only",
        ),
        ('audience = "bougt"', "No audience named 'bougt'. Did you mean 'bought'?"),
        ('audience = "bought(categry=3)"', "audience 'bought': 'categry' is not a parameter. Did you mean 'category'?"),
    ],
)
def test_a_campaign_is_checked_where_it_stands(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(f"{MINE}[[campaign]]\n{given}\n")
    with pytest.raises(Refusal, match=r"mine.toml, line [34]: ") as refused:
        load(tmp_path / "mine.toml")
    assert said in str(refused.value)


def test_a_campaign_is_written_as_it_is_read(tmp_path: Path) -> None:
    text = MINE + '[[campaign]]\ndiscount = 0.3\naudience = {use = "viewed", within_days = 2}\n[[campaign]]\n'
    (tmp_path / "mine.toml").write_text(text)
    scenario = load(tmp_path / "mine.toml")
    assert [str(one.audience) for one in scenario.campaign] == ["viewed(within_days=2)", "everybody"]
    assert loads(scenario.toml(), "a run's scenario") == scenario
    assert load(tmp_path / "mine.toml", {"campaign.1.budget": 5}).campaign[1].terms.budget == 5.0
