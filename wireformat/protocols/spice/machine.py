"""Who may do what when: client, source server and target server, and the ends of every channel [spice-migration 9].

Message names are events of sending and receiving alike: the table of a role says when it may send what its turn
allows, and what it takes from its peer. Messages that no migration depends on (PING, agent, drawing) are in no table.
Names in small letters are events from outside: calls of the VM program and answers to them (`connect-done`,
`end-done`), timers that ran out, links made, failed or gone, and what a role does without a word (`close-source`).

A state whose only events are a role's own acts is passed at once. While the client links to the target, what the
source says waits unread. The roles named -channel are one for each channel, main included: there the state of the
channel moves. A server that took a session as target goes on as source, in `receiving` or `serving`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Row: TypeAlias = Mapping[str, str]

LINKING_ENDS: Row = {"target-failed": "failing", "cut": "losing"}
"""What ends a client's way to the target before it has said that it is ready."""

CLIENT: Mapping[str, Row] = {
    "dialling": {"linked": "opening", "link-failed": "lost"},
    "opening": {"Init": "running", "cut": "lost"},
    "running": {
        "MigrateBegin": "connecting",
        "MigrateBeginSeamless": "connecting-seamless",
        "MigrateCancel": "running",
        "MigrateSwitchHost": "leaving",
        "ServerMigrateEnd": "leaving",
        "Migrate": "leaving",
        "cut": "lost",
    },
    "connecting": {"target-linked": "attaching", **LINKING_ENDS},
    "connecting-seamless": {"target-linked": "asking", **LINKING_ENDS},
    "asking": {"MigrateDstDoSeamless": "asked", "go-semi-seamless": "attaching"},
    "asked": {
        "MigrateDstSeamlessAck": "attaching-seamless",
        "MigrateDstSeamlessNack": "attaching",
        "channels-linked": "asked-linked",
        **LINKING_ENDS,
    },
    "asked-linked": {
        "MigrateDstSeamlessAck": "attached-seamless",
        "MigrateDstSeamlessNack": "attached",
        **LINKING_ENDS,
    },
    "attaching": {"channels-linked": "attached", **LINKING_ENDS},
    "attaching-seamless": {"channels-linked": "attached-seamless", **LINKING_ENDS},
    "attached": {"MigrateConnected": "ready", **LINKING_ENDS},
    "attached-seamless": {"MigrateConnectedSeamless": "ready-seamless", **LINKING_ENDS},
    "failing": {"close-target": "failed"},
    "failed": {"MigrateConnectError": "running", "cut": "lost"},
    "ready": {
        "MigrateBegin": "replacing",
        "MigrateCancel": "staying",
        "ServerMigrateEnd": "moved",
        "Migrate": "leaving",
        "MigrateSwitchHost": "leaving",
        "target-failed": "ready",
        "cut": "losing",
    },
    "ready-seamless": {
        "MigrateBeginSeamless": "replacing-seamless",
        "MigrateCancel": "staying",
        "Migrate": "moving",
        "ServerMigrateEnd": "leaving",
        "MigrateSwitchHost": "leaving",
        "target-failed": "ready-seamless",
        "cut": "losing",
    },
    "replacing": {"close-target": "connecting"},
    "replacing-seamless": {"close-target": "connecting-seamless"},
    "staying": {"close-target": "running"},
    "moving": {"Migrate": "moving", "channels-moved": "moved-seamless", "target-failed": "leaving", "cut": "leaving"},
    "moved-seamless": {"close-source": "running"},
    "moved": {"close-source": "arriving"},
    "arriving": {"ClientMigrateEnd": "awaiting-init", "cut": "leaving"},
    "awaiting-init": {"Init": "running", "cut": "leaving"},
    "leaving": {"close-all": "dialling", "cut": "leaving"},
    "losing": {"close-all": "lost"},
    "lost": {},
}
"""The client. `cut` is the end of the link it is attached to, `target-failed` of one that it makes or keeps ready.

Once it was told to go it knows where the guest is: whatever fails then, or was not ready, it opens a new session there.
"""


def late_answers(state: str) -> Row:
    """What a source in `state` does with an answer that it no longer waits for: success is refused, and it stays."""
    refusing = f"refusing-{state}"
    return {"MigrateConnected": refusing, "MigrateConnectedSeamless": refusing, "MigrateConnectError": state}


UNANSWERED: Row = {
    "MigrateConnectError": "unanswered",
    "connect-timeout": "unanswered",
    "migrate-connect": "abandoning",
    "migrate-success": "unanswered-ending",
    "migrate-failure": "abandoned",
    "client-left": "left-unanswered",
}
"""What a source takes in place of the answer that it waits for."""

SOURCE: Mapping[str, Row] = {
    "alone": {
        "link": "opening",
        "link-migrating": "receiving",
        "migrate-connect": "alone-connecting",
        "migrate-success": "left",
        "migrate-failure": "alone-failing",
    },
    "alone-connecting": {"connect-done": "alone"},
    "alone-failing": {"end-done": "alone"},
    "opening": {"Init": "serving"},
    "receiving": {
        "arrived": "serving",
        "migrate-connect": "postponed",
        "migrate-success": "closing",
        "migrate-failure": "receiving",
        "client-left": "alone",
    },
    "postponed": {
        "arrived": "announcing",
        "connect-timeout": "expired",
        "migrate-connect": "abandoning-postponed",
        "migrate-success": "expired-ending",
        "migrate-failure": "abandoned-postponed",
        "client-left": "left-unanswered",
    },
    "abandoning-postponed": {"connect-done": "postponed"},
    "abandoned-postponed": {"connect-done": "receiving"},
    "expired": {"connect-done": "expecting"},
    "expecting": {
        "arrived": "unlinked",
        "migrate-connect": "postponed",
        "migrate-success": "arriving",
        "migrate-failure": "receiving",
        "client-left": "alone",
    },
    "expired-ending": {"connect-done": "arriving"},
    "arriving": {"arrived": "switching", "client-left": "left"},
    "serving": {
        "migrate-connect": "announcing",
        "migrate-success": "closing",
        "migrate-failure": "serving",
        **late_answers("serving"),
        "client-left": "alone",
    },
    "refusing-serving": {"MigrateCancel": "serving"},
    "announcing": {"MigrateBegin": "waiting", "MigrateBeginSeamless": "waiting-seamless", "connect-done": "unlinked"},
    "waiting": {"MigrateConnected": "answered", **UNANSWERED},
    "waiting-seamless": {
        "MigrateConnected": "answered",
        "MigrateConnectedSeamless": "answered-seamless",
        **UNANSWERED,
    },
    "abandoning": {"connect-done": "announcing"},
    "abandoned": {"connect-done": "serving"},
    "left-unanswered": {"connect-done": "alone"},
    "answered": {"connect-done": "linked"},
    "answered-seamless": {"connect-done": "linked-seamless"},
    "unanswered": {"connect-done": "unlinked"},
    "linked": {
        **late_answers("linked"),
        "migrate-connect": "replacing",
        "migrate-success": "ending",
        "migrate-failure": "cancelling",
        "client-left": "alone",
    },
    "refusing-linked": {"MigrateCancel": "linked"},
    "linked-seamless": {
        **late_answers("linked-seamless"),
        "migrate-connect": "replacing",
        "migrate-success": "ending-seamless",
        "migrate-failure": "cancelling",
        "client-left": "alone",
    },
    "refusing-linked-seamless": {"MigrateCancel": "linked-seamless"},
    "unlinked": {
        **late_answers("unlinked"),
        "migrate-connect": "announcing",
        "migrate-success": "switching",
        "migrate-failure": "serving",
        "client-left": "alone",
    },
    "refusing-unlinked": {"MigrateCancel": "unlinked"},
    "replacing": {"MigrateCancel": "announcing"},
    "cancelling": {"MigrateCancel": "serving"},
    "unanswered-ending": {"connect-done": "switching"},
    "switching": {"MigrateSwitchHost": "leaving"},
    "ending": {"ServerMigrateEnd": "leaving"},
    "ending-seamless": {"Migrate": "leaving-seamless"},
    "leaving": {**late_answers("leaving"), "leave-timeout": "closing", "client-left": "left"},
    "refusing-leaving": {"MigrateCancel": "leaving"},
    "leaving-seamless": {
        "MigrateConnected": "leaving-seamless",
        "MigrateConnectedSeamless": "leaving-seamless",
        "MigrateConnectError": "leaving-seamless",
        "leave-timeout": "closing",
        "client-left": "left",
    },
    "closing": {"close-client": "left"},
    "left": {"end-done": "migrated"},
    "migrated": {},
}
"""The source. A target is known in `unlinked`, `linked` and `linked-seamless`; the client leaves in `leaving`.

A client that is still on its way here from another server (`receiving` and what follows) is told nothing until it has
arrived. Behind MIGRATE a late answer is not refused: nothing may stand between MIGRATE and its data.
"""


def with_client(state: str) -> Row:
    """What happens to a target in `state`, whatever it waits for, as long as its client is there."""
    return {
        "channel-linked": state,
        "AttachChannels": state,
        "link": "opening",
        "link-migrating": "withholding",
        "client-left": "alone",
    }


TARGET: Mapping[str, Row] = {
    "alone": {"link": "opening", "link-migrating": "withholding"},
    "opening": {"Init": "serving"},
    "withholding": {"MigrateDstDoSeamless": "judging", "ClientMigrateEnd": "greeting", **with_client("withholding")},
    "judging": {"MigrateDstSeamlessAck": "receiving", "MigrateDstSeamlessNack": "withholding"},
    "receiving": {"channels-restored": "serving", **with_client("receiving")},
    "greeting": {"Init": "serving"},
    "serving": {"ClientMigrateEnd": "serving", **with_client("serving")},
}
"""The target. It starts no channel in `withholding`. A new main link throws out the client that was there."""

CLIENT_CHANNEL: Mapping[str, Row] = {
    "served": {"dial-target": "linking", "cut": "closed"},
    "linking": {"target-linked": "doubled", "target-failed": "served", "close-target": "served", "cut": "closed"},
    "doubled": {
        "Migrate": "moving",
        "close-target": "served",
        "close-source": "served",
        "target-failed": "served",
        "cut": "closed",
    },
    "moving": {"MigrateFlushMark": "flushed", "ServerMigrateData": "carrying", "swap": "served", "cut": "closed"},
    "flushed": {"ServerMigrateData": "carrying", "swap": "served", "cut": "closed"},
    "carrying": {"ClientMigrateData": "served", "cut": "closed"},
    "closed": {},
}
"""One channel of the client. From `carrying` on it is the target's; `served` is with one link, to whichever server."""

SOURCE_CHANNEL: Mapping[str, Row] = {
    "serving": {"Migrate": "moving", "client-left": "closed"},
    "moving": {"MigrateFlushMark": "flushed", "ServerMigrateData": "moved", "client-left": "closed"},
    "flushed": {"ServerMigrateData": "moved", "client-left": "closed"},
    "moved": {"client-left": "closed"},
    "closed": {},
}
"""One channel of the source. It says nothing between MIGRATE and its data, and nothing behind that."""

TARGET_CHANNEL: Mapping[str, Row] = {
    "linked": {"start": "running", "withhold": "withheld", "await-data": "awaiting-data", "client-left": "closed"},
    "withheld": {"start": "running", "await-data": "awaiting-data", "client-left": "closed"},
    "awaiting-data": {"ClientMigrateData": "running", "client-left": "closed"},
    "running": {"client-left": "closed"},
    "closed": {},
}
"""One channel of the target. In `awaiting-data` it may greet, but not draw."""

TRANSITIONS: Mapping[str, Mapping[str, Row]] = {
    "client": CLIENT,
    "source": SOURCE,
    "target": TARGET,
    "client-channel": CLIENT_CHANNEL,
    "source-channel": SOURCE_CHANNEL,
    "target-channel": TARGET_CHANNEL,
}
"""Every role; the first state of each is where it starts."""
