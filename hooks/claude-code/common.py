"""What the Python hooks share: reading what Claude Code writes, making an event, sending it.

Standard library only. Nothing here may disturb the host: no output, no failure, little waiting.
"""

import json
import os
import sys
import threading
import urllib.parse
import urllib.request

MAX_INPUT = 8 * 1024 * 1024
MAX_TEXT = 32768  # characters of one text of an event
JOIN_SECONDS = 2
REQUEST_SECONDS = 5


def text(value, *path):
    """The string at `path`, empty when there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def cut(fields):
    """Without what is empty; no text longer than MAX_TEXT."""
    kept = {name: value for name, value in fields.items() if value not in ("", None)}
    return {n: v[:MAX_TEXT] if isinstance(v, str) else v for n, v in kept.items()}


def read_input():
    data = sys.stdin.buffer.read(MAX_INPUT).decode("utf-8", "replace")
    value = json.loads(data)
    return value if isinstance(value, dict) else {}


def event(source, event_type, metadata, **fields):
    cwd = text(source, "cwd").rstrip("/")
    made = {
        "session_id": text(source, "session_id"),
        "agent_type": "claude_code",
        "event_type": event_type,
        "source": "hook",
        "project": cwd.rsplit("/", 1)[-1],
        **fields,
    }
    return {**cut(made), "metadata": cut(metadata)}


def post(body):
    url = (os.environ.get("AGENTMONITOR_URL") or "http://127.0.0.1:3141").rstrip("/")
    headers = {"Content-Type": "application/json"}
    token = os.environ.get("SIGHTLINE_TOKEN")
    if token:
        headers["Authorization"] = "Bearer " + token
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        return
    # A proxy is asked for other machines only.
    local = urllib.parse.urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    proxies = {} if local else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    request = urllib.request.Request(url + "/api/events", data=body, headers=headers)
    opener.open(request, timeout=REQUEST_SECONDS).close()


def quietly(function, *arguments):
    try:
        function(*arguments)
    except BaseException:  # a server that is down is none of the host's trouble
        pass


def send(made):
    if not made.get("session_id", "").strip():
        return
    body = json.dumps(made).encode()
    thread = threading.Thread(target=quietly, args=(post, body), daemon=True)
    thread.start()
    thread.join(JOIN_SECONDS)


def run(hook):
    """Runs `hook` with the host's input; ends the process with what it returns, 0 if it fails."""
    code = 0
    try:
        code = hook(read_input()) or 0
    except BaseException:
        pass
    os._exit(code)  # a request that hangs is not waited for
