"""Where the tables leave a choice, what decides it: named conditions, each with its sentence [spice-migration 9].

A table says what may follow; a guard says when. Events without a guard are legal whenever the table has them. Whoever
steps the tables asks its own values: its capabilities, what was sent, whom it serves.
"""

from __future__ import annotations

from collections.abc import Mapping

GUARDS: Mapping[str, str] = {
    "no-migration-capability": "The client or the source lacks SEMI_SEAMLESS_MIGRATE: the client is told nothing yet.",
    "semi-seamless-only": "Both have SEMI_SEAMLESS_MIGRATE; one lacks SEAMLESS_MIGRATE, or the source may not use it.",
    "seamless": "Both have SEAMLESS_MIGRATE, the client AGENT_CONNECTED_TOKENS too, and the source may use it.",
    "target-takes-over": "The target has SEMI_SEAMLESS_MIGRATE. Else the link counts as failed.",
    "target-can-seamless": "The target has SEAMLESS_MIGRATE.",
    "target-cannot-seamless": "The target lacks SEAMLESS_MIGRATE.",
    "version-taken": "The target knows the version, and serves one client only.",
    "version-refused": "The version is above the target's own, or the target serves several clients.",
    "first-main-link": "connection_id is 0: a new session.",
    "migrating-main-link": "connection_id is not 0: a session that another server began.",
    "needs-flush": "The flags of MIGRATE have NEED_FLUSH, and the mark was not sent.",
    "needs-data": "The flags of MIGRATE have NEED_DATA_TRANSFER, and the mark was sent where it is needed.",
    "needs-no-data": "The flags of MIGRATE lack NEED_DATA_TRANSFER, and the mark was sent where it is needed.",
    "nothing-awaited": "MIGRATE_END has come, or seamless is agreed and the channel has no state, or all is new.",
    "state-awaited": "The target has said that it takes a seamless migration; the channel has a state.",
    "still-migrating": "The session is not the target's yet.",
    "target-announced": "The client knows a target, from MIGRATE_BEGIN. Else the message is a fault.",
    "everything-linked": "Every channel of the session is linked to the target.",
    "everything-moved": "Every channel of the session has moved.",
    "everything-restored": "Every channel with a state has got it.",
}

GUARDED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "client": {
        "running": {"ServerMigrateEnd": "target-announced", "Migrate": "target-announced"},
        "connecting": {"target-linked": "target-takes-over"},
        "connecting-seamless": {"target-linked": "target-takes-over"},
        "asking": {"MigrateDstDoSeamless": "target-can-seamless", "go-semi-seamless": "target-cannot-seamless"},
        "asked": {"channels-linked": "everything-linked"},
        "attaching": {"channels-linked": "everything-linked"},
        "attaching-seamless": {"channels-linked": "everything-linked"},
        "moving": {"channels-moved": "everything-moved"},
    },
    "source": {
        "alone": {"link": "first-main-link", "link-migrating": "migrating-main-link"},
        "announcing": {
            "MigrateBegin": "semi-seamless-only",
            "MigrateBeginSeamless": "seamless",
            "connect-done": "no-migration-capability",
        },
    },
    "target": {
        "alone": {"link": "first-main-link", "link-migrating": "migrating-main-link"},
        "withholding": {"link": "first-main-link", "link-migrating": "migrating-main-link"},
        "judging": {"MigrateDstSeamlessAck": "version-taken", "MigrateDstSeamlessNack": "version-refused"},
        "receiving": {
            "channels-restored": "everything-restored",
            "link": "first-main-link",
            "link-migrating": "migrating-main-link",
        },
        "serving": {"link": "first-main-link", "link-migrating": "migrating-main-link"},
    },
    "client-channel": {
        "moving": {"MigrateFlushMark": "needs-flush", "ServerMigrateData": "needs-data", "swap": "needs-no-data"},
        "flushed": {"ServerMigrateData": "needs-data", "swap": "needs-no-data"},
    },
    "source-channel": {
        "moving": {"MigrateFlushMark": "needs-flush", "ServerMigrateData": "needs-data"},
        "flushed": {"ServerMigrateData": "needs-data"},
    },
    "target-channel": {
        "linked": {
            "start": "nothing-awaited",
            "withhold": "still-migrating",
            "await-data": "state-awaited",
        },
        "withheld": {"start": "nothing-awaited", "await-data": "state-awaited"},
    },
}
"""The guard of each guarded event: by role, state and event."""
