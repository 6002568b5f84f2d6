#!/usr/bin/env python3
"""PreToolUse: refuses a command that would delete everything; reports access to secrets."""
import os
import re
import sys

sys.dont_write_bytecode = True
from common import event, run, send, text

SPACE = re.compile(r"[ \t\n\v\f\r]+")
FORCING = re.compile(r"-[a-zA-Z]*f[a-zA-Z]*|--force")
EVERYTHING = ("/", "~", "$HOME")
SENSITIVE = (".env", ".pem", ".key", ".credentials", ".secret")
REFUSED = 2


def is_destructive(command):
    """Whether it holds `rm`, options that each contain an `f`, and then /, ~ or $HOME."""
    follows_rm = False
    for word in SPACE.split(command):
        if follows_rm and word in EVERYTHING:
            return True
        follows_rm = word.endswith("rm") or (follows_rm and bool(FORCING.fullmatch(word)))
    return False


def refuse(command):
    line = f"AgentMonitor: Blocked destructive command: {command}\n"
    sys.stderr.buffer.write(line.encode("utf-8", "backslashreplace"))
    sys.stderr.buffer.flush()


def tell(source, event_type, **metadata):
    fields = {"status": "error"} if event_type == "error" else {}
    send(event(source, event_type, metadata, tool_name=text(source, "tool_name"), **fields))


def hook(source):
    if (os.environ.get("AGENTMONITOR_SAFETY") or "1") != "1":
        return 0
    command = text(source, "tool_input", "command")
    file_path = text(source, "tool_input", "file_path")
    if text(source, "tool_name") == "Bash" and is_destructive(command):
        refuse(command)
        try:
            tell(source, "error", blocked=True, reason="destructive_command", command=command)
        finally:
            return REFUSED
    if file_path.endswith(SENSITIVE):
        tell(
            source,
            "tool_use",
            security_warning=True,
            reason="sensitive_file_access",
            file_path=file_path,
        )
    return 0


run(hook)
