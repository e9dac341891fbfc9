"""The command line: `wireformat VERB`.

Data goes to standard output, messages to standard error; `exits` says what the exit codes mean. Each verb is a module
of its own, imported only when it is called, so that starting costs next to nothing.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence

VERBS: Mapping[str, str] = {
    "decode": "show what a stream or a SPICE capture holds, as a tree or as JSON",
    "encode": "turn the JSON of decode back into bytes",
    "check": "judge streams strictly: every finding with its place",
    "stats": "count pages, devices and bytes of a stream",
    "diff": "show what differs between two streams",
    "extract": "cut a RAM image or a device out of a stream",
    "shrink": "make a small stream for a bug report",
    "inventory": "list what a machine would send; tell whether a destination could load it",
    "docs": "write the documentation of protocols, or of construct schemas",
    "schema": "print the model of a message as JSON or text",
    "explain": "explain a message, a field or an error id",
    "dissector": "write a Wireshark dissector",
    "pcap": "wrap a stream or a SPICE capture for Wireshark",
    "explore": "walk all interleavings of a protocol, and show the shortest way to what must not be",
    "peer": "send a stream, receive one, or be a party of a SPICE migration",
    "tap": "stand between a client and its servers, and record what they say",
    "baseline": "freeze a released version of a protocol, or check what is frozen",
    "compat": "judge today's messages against frozen ones, with bytes as proof",
}
"""Every verb and what it does, in the order of the help text."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code. Without arguments the process is this program's own."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        signal.signal(signal.SIGTERM, _terminate)
    if not words or words[0] in ("-h", "--help"):
        print(_help())
        return 0 if words else 2
    if words[0] == "--version":
        from wireformat import __version__

        print(f"wireformat {__version__}")
        return 0
    if words[0] not in VERBS:
        print(f"wireformat: no such verb: {words[0]}; see wireformat --help", file=sys.stderr)
        return 2
    from wireformat.cli.running import run_verb

    return run_verb(words[0], words[1:])


def _terminate(number: int, frame: object) -> None:
    """End as an interrupt ends it, even where a shell had that ignored: everything is put away."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _help() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:{width}}  {what}" for verb, what in VERBS.items())
    usage = "usage: wireformat VERB …  |  wireformat --version"
    return f"{usage}\n\n{verbs}\n\nwireformat VERB --help tells the options of a verb."
