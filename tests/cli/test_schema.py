"""`wireformat schema` prints models: as text, as JSON that reads back, and the shape of that JSON."""

from __future__ import annotations

import json

from tests.cli.conftest import Call
from wireformat.derive.model_schema import FORMAT_VERSION, json_schema
from wireformat.protocols.vmstate.messages import Command
from wireformat.schema import lift, model_json


def test_a_message_as_text(call: Call) -> None:
    answer = call("schema", "vmstate.Ping")
    assert answer.text == "Ping: Ask for a PONG on the return path.\n0  value  u32  comes back in the PONG\n"


def test_a_message_as_json_reads_back(call: Call) -> None:
    for name in ("Command", "vmstate.Command"):
        document = json.loads(call("schema", name, "--json").data)
        assert (document["format"], document["version"]) == ("wireformat-model", FORMAT_VERSION)
        assert model_json.from_json(document) == lift(Command)


def test_a_protocol_and_everything(call: Call) -> None:
    one = json.loads(call("schema", "vmstate", "--json").data)
    every = json.loads(call("schema", "--json").data)
    assert {"vmstate.Header", "vmstate.RamRecord", "vmstate.PageSizes"} <= set(one["models"])
    assert one["models"].items() < every["models"].items()
    assert {"channels.ChannelHeader", "handshake.Frame"} <= set(every["models"])


def test_the_shape_of_the_json(call: Call) -> None:
    assert json.loads(call("schema", "model", "--json").data) == json_schema()


def test_an_unknown_name_is_a_usage_error(call: Call) -> None:
    answer = call("schema", "Blink")
    assert answer.code == 2
    assert "nothing is called 'Blink'" in answer.errors
