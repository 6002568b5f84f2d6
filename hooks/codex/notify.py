#!/usr/bin/env python3
"""The `notify` program of Codex: tells the monitor that the agent has finished a turn.

    notify = ["/path/to/hooks/codex/notify.py"]        # in ~/.codex/config.toml

Codex gives it one argument, a JSON object. Standard library only; ends with 0 whatever happens.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "claude-code"))


def hook(source):
    from common import cut, event, send, text

    if text(source, "type") != "agent-turn-complete":
        return
    thread, turn = text(source, "thread-id"), text(source, "turn-id")
    messages = source.get("input-messages")
    messages = [m for m in messages if isinstance(m, str)] if isinstance(messages, list) else []
    metadata = {
        "notification_type": "agent-turn-complete",
        "turn_id": turn,
        "message": text(source, "last-assistant-message"),
        "input_messages": [message[:1024] for message in messages[:32]],
    }
    made = event(source, "response", metadata, session_id=thread, agent_type="codex")
    if turn:  # so that telling it twice is harmless
        made.update(cut({"event_id": f"hook-{thread}-{turn}-turn"}))
    send(made)


try:
    hook(json.loads(sys.argv[1]))
except BaseException:  # a server that is down is none of the agent's trouble
    pass
os._exit(0)
