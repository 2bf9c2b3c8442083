"""The laws of parts, in one home: `driftlab check` tries them on your part, and the tests on every part there is.

>>> [law.name for law in LAWS["detector"]][:3]
['traced', 'one_trace', 'kept']
"""

from collections.abc import Mapping, Sequence

from model.laws.baselines import BASELINE_LAWS
from model.laws.detectors import DETECTOR_LAWS
from model.laws.encoders import ENCODER_LAWS
from model.laws.law import Law, Verdict, judge
from model.laws.policies import POLICY_LAWS

LAWS: Mapping[str, Sequence[Law]] = {
    "policy": POLICY_LAWS,
    "encoder": ENCODER_LAWS,
    "baseline": BASELINE_LAWS,
    "detector": DETECTOR_LAWS,
}
"""The laws of each family, in the order in which they are tried."""

__all__ = ["LAWS", "Law", "Verdict", "judge"]
