"""JSON that nobody vouches for."""

import pytest

from striate.errors import ModelFileError
from striate.formats.bounded_json import parse_object


def test_parses_objects():
    assert parse_object(b'{"a": [1, 2.5, null, true, "x"], "b": {"c": -9223372036854775808}}', "f") == {
        "a": [1, 2.5, None, True, "x"],
        "b": {"c": -(2**63)},
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not valid JSON"),
        (b'{"a":', "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        (b"[1]", "expected a JSON object, got list"),
        (b"null", "expected a JSON object"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": [1e999]}', "too large"),
        (b'{"a": 9223372036854775808}', "64 bits"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "config"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "deep"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "deep"),
    ],
)
def test_refuses(data, message):
    with pytest.raises(ModelFileError, match=message):
        parse_object(data, "config")
