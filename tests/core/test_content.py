"""What a row hash is made of: the same bytes for ever, whoever writes them."""

import json
from typing import Any

import pytest

from app.core.content import _canonical


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, 1, -7, 2**70, "", "张三", 'a "quoted" \\ line\n\t\x00\x7f\u2028\U00020bb7', [], [{"b": 1, "a": None}], ["x", 2]],
)
def test_a_value_is_written_as_the_first_encoder_did(value: Any) -> None:
    told = {"name": value, "a_name": "x", "name_b": 2}
    assert _canonical(told) == json.dumps(told, sort_keys=True, ensure_ascii=False)
