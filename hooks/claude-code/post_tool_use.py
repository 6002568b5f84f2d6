#!/usr/bin/env python3
"""PostToolUse: a tool has been used."""
import sys

sys.dont_write_bytecode = True
from common import event, run, send, text

TOLD = ("command", "file_path", "pattern", "query", "url")


def hook(source):
    metadata = {"tool_use_id": text(source, "tool_use_id")}
    metadata.update((name, text(source, "tool_input", name)) for name in TOLD)
    send(event(source, "tool_use", metadata, tool_name=text(source, "tool_name")))


run(hook)
