#!/usr/bin/env python3
"""SessionStart: a session begins."""
import os
import sys

sys.dont_write_bytecode = True
from common import event, run, send, text


def hook(source):
    metadata = {"hook_source": text(source, "source")}
    if os.environ.get("AGENTMONITOR_INSTRUCTION_LOAD_INSTRUMENTED") == "1":
        metadata["instruction_load_instrumented"] = True
    send(event(source, "session_start", metadata, model=text(source, "model")))


run(hook)
