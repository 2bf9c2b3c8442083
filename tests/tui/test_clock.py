"""What the clock promises: the moment is between the first fact and the last, and moves only as asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.clock import SPEEDS, Clock

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.floats(0, 5), st.integers(0, 10_000)),
        st.tuples(st.just("step"), st.integers(-10, 20_000), st.integers(0, 10_000)),
        st.tuples(st.just("pause"), st.none(), st.none()),
        st.tuples(st.just("speed"), st.sampled_from([-1, 1]), st.none()),
        st.tuples(st.just("follow"), st.none(), st.none()),
    ),
    max_size=40,
)


@given(MOVES)
def test_the_moment_is_always_one_that_is_recorded(moves: list) -> None:
    clock, last = Clock(), 0
    for what, value, grown in moves:
        if what == "tick":
            last += grown
            clock.tick(value, last)
        elif what == "step":
            clock.step_to(value, last)
        elif what == "pause":
            clock.toggle()
        elif what == "speed":
            clock.change_speed(value)
        else:
            clock.follow()
        assert 0 <= clock.seq <= last
        assert not (clock.live and not clock.playing)
        assert str(clock)


def test_at_rest_nothing_moves_while_the_engine_goes_on() -> None:
    clock = Clock()
    clock.tick(0.25, 100)
    clock.toggle()
    assert [clock.tick(0.25, last) for last in (200, 300)] == [100, 100]


def test_the_past_is_played_at_its_speed_and_stops_at_the_newest() -> None:
    clock = Clock()
    clock.step_to(10, 1_000)
    clock.toggle()
    assert clock.tick(1.0, 1_000) == 10 + SPEEDS[4]
    assert clock.tick(100.0, 1_000) == 1_000
    assert not clock.live


def test_faster_than_the_fastest_is_now() -> None:
    clock = Clock()
    clock.change_speed(-1)
    assert (clock.live, clock.speed) == (False, len(SPEEDS) - 1)
    clock.change_speed(1)
    assert clock.live
    assert clock.tick(0.1, 77) == 77
