"""A block gives back every bit that was put into it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from journal.columns import fact_columns, facts_of, pack, stack, unpack
from tests.journal.drawn import any_facts
from tests.journal.made import same_bits

DTYPES = ["<i1", "<i2", "<i4", "<i8", "<u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8", "|b1", ">i4", ">f8"]


@given(any_facts())
def test_facts_come_back_bit_for_bit(kept):
    assert same_bits(facts_of(unpack(pack(fact_columns(kept)))), kept)


@given(
    st.sampled_from(DTYPES).flatmap(lambda code: hnp.arrays(code, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0)))
)
def test_arrays_of_any_shape_come_back_bit_for_bit_and_little_endian(array):
    back = unpack(pack({"a": array}))["a"]
    assert back.shape == array.shape
    assert back.tobytes() == array.astype(array.dtype.newbyteorder("<")).tobytes()


@given(st.integers(0, 2**64 - 1), st.integers(0, 5))
def test_every_double_keeps_its_bits_alone_and_in_a_column(bits, others):
    column = np.array([bits] + [bits ^ 1] * others, "<u8").view("<f8")
    assert unpack(pack({"value": column}))["value"].tobytes() == column.tobytes()


@given(st.lists(any_facts(most=8), min_size=1, max_size=5))
def test_blocks_stack_in_order(pieces):
    stacked = stack([pack(fact_columns(piece)) for piece in pieces])
    for name in ("time", "value", "product"):
        assert stacked[name].tobytes() == b"".join(getattr(piece, name).tobytes() for piece in pieces)


def test_equal_elements_take_no_bytes_and_small_spans_one():
    far = np.int64(2**60)
    assert len(pack({"a": np.full(1000, far)})) < 60
    assert len(pack({"a": far + np.arange(200)})) < 260
    assert unpack(pack({"a": far + np.arange(200)}))["a"].tolist() == (far + np.arange(200)).tolist()


def test_the_same_columns_give_the_same_block():
    column = np.arange(10)
    assert pack({"a": column}) == pack({"a": np.repeat(column, 2)[::2]})


def test_other_dtypes_are_a_defect():
    with pytest.raises(TypeError, match="'name' has dtype <U3"):
        pack({"name": np.array(["tea"])})


def test_columns_that_change_their_dtype_do_not_stack():
    with pytest.raises(ValueError, match="changes from <i8"):
        stack([pack({"a": np.arange(3)}), pack({"a": np.arange(3.0)})])
