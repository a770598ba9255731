import pytest

from export.benchmark import operator_profile

SUMMARY = """\
=== Run Order ===
  [node type]  [first]  [avg ms]  [%]  [cdf%]  [mem KB] [times called] [Name]
  MIRROR_PAD    0.100    0.100  10.000%  10.000%   0.000   5   [x]:0

Number of nodes executed: 3

============ Summary by node type ============
          [Node type]    [count]   [avg ms]    [avg %]    [cdf %]   [mem KB] [times called]
  Delegate/Convolution (NHWC, F32) IGEMM         14      0.750    75.000%    75.000%      0.000             70
                MIRROR_PAD          3      0.250    25.000%    100.000%      0.000             15

=== Delegate Statistics ===
Delegate/Convolution (NHWC, F32) IGEMM     70      71.20          5        451       4984
"""  # noqa: E501


def test_table_by_kind_is_read():
    assert operator_profile.parse(SUMMARY) == [
        {
            "operator": "Convolution (NHWC, F32) IGEMM",
            "count": 14,
            "milliseconds": 0.75,
            "share": 0.75,
        },
        {
            "operator": "MIRROR_PAD",
            "count": 3,
            "milliseconds": 0.25,
            "share": 0.25,
        },
    ]


def test_text_without_the_table_is_refused():
    with pytest.raises(ValueError) as caught:
        operator_profile.parse(SUMMARY.replace("by node type", ""))
    assert str(caught.value) == "the runtime's profiler has no table"
