"""Who may do what when: source, destination, and the two ends of every further channel [handshake D.13, D.14].

Message names are events of sending and receiving alike: the table of a role says when it may send what its turn
allows, and what it takes from its peer. Other events happen to a role: `cut` (the connection is gone), `fault` (the
peer broke a rule, or both sides disagree), `cancel` (management), `silence` (the failure timer ran out). None of them
ever leads to success. The destination's table is that of one attempt: where it fails, the listener goes on listening.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Row: TypeAlias = Mapping[str, str]

SOURCE_ENDS: Row = {
    "Reject": "failed",
    "Abort": "failed",
    "cut": "failed",
    "fault": "failed",
    "silence": "failed",
    "cancel": "cancelled",
}
"""What ends a source's attempt before anything is handed over: the guest runs on, as it did all the time."""

DESTINATION_ENDS: Row = {
    "Reject": "refused",
    "Abort": "failed",
    "cut": "failed",
    "fault": "failed",
    "silence": "failed",
    "cancel": "cancelled",
}
"""What ends a destination's attempt: it has done nothing yet that could not be undone."""

CHANNEL_ENDS: Row = {"Reject": "closed", "cut": "closed", "fault": "closed", "silence": "closed", "cancel": "closed"}

SOURCE: Mapping[str, Row] = {
    "idle": {"connect": "connecting", "cancel": "cancelled"},
    "connecting": {
        "connected": "greeting",
        "cut": "failed",
        "fault": "failed",
        "silence": "failed",
        "cancel": "cancelled",
    },
    "greeting": {"Hello": "hello-sent", **SOURCE_ENDS},
    "hello-sent": {"HelloReply": "replied", "Progress": "hello-sent", **SOURCE_ENDS},
    "replied": {"Inventory": "inventory-sent", "Progress": "replied", **SOURCE_ENDS},
    "inventory-sent": {"InventoryReply": "judged", "Progress": "inventory-sent", **SOURCE_ENDS},
    "judged": {"Inventory": "inventory-sent", "Commit": "commit-sent", "Progress": "judged", **SOURCE_ENDS},
    "commit-sent": {"CommitAck": "opening", "Progress": "commit-sent", **SOURCE_ENDS},
    "opening": {
        "channel-open": "opening",
        "channel-refused": "opening",
        "ChannelsReady": "ready",
        "Progress": "opening",
        **SOURCE_ENDS,
    },
    "ready": {"Start": "payload", "Progress": "ready", **SOURCE_ENDS},
    "payload": {
        "payload": "payload",
        "PayloadBlock": "payload",
        "PayloadEnd": "payload",
        "payload-end": "complete",
        "Handover": "handed-over",
        "pause": "paused",
        **SOURCE_ENDS,
    },
    "paused": {"reconnect": "resuming", "cancel": "cancelled", "give-up": "failed"},
    "resuming": {
        "Resume": "resuming",
        "ResumeReply": "payload",
        "Reject": "paused",
        "cut": "paused",
        "fault": "paused",
        "silence": "paused",
        "cancel": "cancelled",
    },
    "handed-over": {"Loaded": "loaded", "Progress": "handed-over", **SOURCE_ENDS},
    "loaded": {"Grant": "granted", **SOURCE_ENDS},
    "granted": {
        "Running": "complete",
        "Progress": "granted",
        "Abort": "unknown",
        "cut": "unknown",
        "fault": "unknown",
        "silence": "unknown",
        "cancel": "unknown",
    },
    "unknown": {"told-running": "complete", "told-dropped": "failed"},
    "complete": {},
    "failed": {},
    "cancelled": {},
}
"""The source. It resumes the guest by itself in `failed` and `cancelled`, never in `unknown` [handshake D.14]."""

DESTINATION: Mapping[str, Row] = {
    "listening": {"accept": "header", "cancel": "cancelled"},
    "header": {"Hello": "deciding", **DESTINATION_ENDS},
    "deciding": {"HelloReply": "replied", "Progress": "deciding", **DESTINATION_ENDS},
    "replied": {"Inventory": "judging", "Progress": "replied", **DESTINATION_ENDS},
    "judging": {"InventoryReply": "judged", "Progress": "judging", **DESTINATION_ENDS},
    "judged": {"Inventory": "judging", "Commit": "committing", "Progress": "judged", **DESTINATION_ENDS},
    "committing": {"CommitAck": "binding", "Progress": "committing", **DESTINATION_ENDS},
    "binding": {
        "channel-bound": "binding",
        "channel-refused": "binding",
        "ChannelsReady": "ready",
        "Progress": "binding",
        **DESTINATION_ENDS,
    },
    "ready": {"Start": "payload", "Progress": "ready", **DESTINATION_ENDS},
    "payload": {
        "payload": "payload",
        "PayloadBlock": "payload",
        "PayloadEnd": "payload",
        "payload-end": "complete",
        "Handover": "handed-over",
        "pause": "paused",
        **DESTINATION_ENDS,
    },
    "paused": {"reconnect": "resuming", "cancel": "cancelled", "give-up": "failed"},
    "resuming": {
        "Resume": "resuming",
        "ResumeReply": "payload",
        "Reject": "paused",
        "cut": "paused",
        "fault": "paused",
        "silence": "paused",
        "cancel": "cancelled",
    },
    "handed-over": {"Loaded": "loaded", "Progress": "handed-over", **DESTINATION_ENDS},
    "loaded": {
        "Grant": "granted",
        "Abort": "failed",
        "cut": "held",
        "fault": "held",
        "silence": "held",
        "cancel": "cancelled",
    },
    "granted": {"Running": "complete", "cut": "complete"},
    "held": {"told-run": "complete", "told-drop": "failed", "policy-drop": "failed"},
    "complete": {},
    "refused": {},
    "failed": {},
    "cancelled": {},
}
"""The destination, one attempt. It runs the guest in `granted` and `complete`; in `held` it neither runs nor drops."""

SOURCE_CHANNEL: Mapping[str, Row] = {
    "dialling": {"connected": "connected", "cut": "closed", "silence": "closed", "cancel": "closed"},
    "connected": {"ChannelHeader": "header-sent", **CHANNEL_ENDS},
    "header-sent": {"ChannelAck": "open", **CHANNEL_ENDS},
    "open": {"payload": "open", "close": "closed", "cut": "closed", "cancel": "closed"},
    "closed": {},
}

DESTINATION_CHANNEL: Mapping[str, Row] = {
    "accepted": {"ChannelHeader": "verifying", **CHANNEL_ENDS},
    "verifying": {"ChannelAck": "open", **CHANNEL_ENDS},
    "open": {"payload": "open", "close": "closed", "cut": "closed", "cancel": "closed"},
    "closed": {},
}

TRANSITIONS: Mapping[str, Mapping[str, Row]] = {
    "source": SOURCE,
    "destination": DESTINATION,
    "source-channel": SOURCE_CHANNEL,
    "destination-channel": DESTINATION_CHANNEL,
}
"""Every role; the first state of each is where it starts."""
