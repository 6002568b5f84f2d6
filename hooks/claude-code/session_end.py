#!/usr/bin/env python3
"""Stop: the agent has answered; the session may go on later."""
import sys

sys.dont_write_bytecode = True
from common import event, run, send

run(lambda source: send(event(source, "session_end", {})))
