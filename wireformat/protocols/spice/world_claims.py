"""What is claimed of SPICE migration, sentence by sentence: data that the command line and the documentation read.

What is not guaranteed is claimed all the same, as the price that is known: the explorer shows the shortest run to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wireformat.schema.world import Claim

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "S-01",
        "served",
        "In the end the client is served where the guest is, unless something happened that S-01-… names.",
    ),
    Claim(
        "S-01-cut",
        "served in spite of cuts",
        "In the end the client is served where the guest is, also when connections were cut.",
        is_guaranteed=False,
    ),
    Claim(
        "S-01-refused",
        "served in spite of refusal",
        "In the end the client is served where the guest is, also when a link to the target was refused.",
        is_guaranteed=False,
    ),
    Claim(
        "S-01-untold",
        "served unannounced",
        "In the end the client is served where the guest is, also when nobody announced the migration.",
        is_guaranteed=False,
    ),
    Claim(
        "S-01-ahead",
        "served after it was told nothing",
        "In the end the client is served where the guest is, also when it was not there to be told of the migration.",
        is_guaranteed=False,
    ),
    Claim(
        "S-02",
        "session kept",
        "A session is lost only when the client was too late, could not link, was cut off, or was not waited for.",
    ),
    Claim(
        "S-02-hasty",
        "session kept without waiting",
        "A client that can migrate keeps its session, also when `migrate` does not wait for its answer.",
        is_guaranteed=False,
    ),
    Claim(
        "S-02-late",
        "session kept in spite of a late answer",
        "A client that can migrate keeps its session, however long it takes to answer.",
        is_guaranteed=False,
    ),
    Claim("S-03", "one server", "In the end the client has no link to a server besides the one that serves it."),
    Claim("S-04", "held back", "No channel of the target is at work before MIGRATE_END, or the seamless agreement."),
    Claim("S-05", "silent target", "Before that the target says nothing but its answer to DO_SEAMLESS."),
    Claim("S-06", "connect-done once", "The source answers each announcement once, and none that was not made."),
    Claim(
        "S-07", "end-done once", "The source answers each success once; it answers nothing else, but with no client."
    ),
    Claim("S-08", "understood", "No server gets a message that its tables do not have."),
    Claim("S-09", "no deadlock", "From everywhere an end is in reach without timers, cuts or second thoughts."),
    Claim("S-10", "answered", "In the end a client keeps target links ready only where the source counts on it."),
    Claim("S-11", "known", "In the end the server that serves the client has taken it over: nothing is held back."),
)

BY_ID: Mapping[str, Claim] = {claim.id: claim for claim in CLAIMS}
