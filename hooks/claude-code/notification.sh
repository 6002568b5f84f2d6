#!/usr/bin/env bash
# Notification: the agent waits for its user. install.sh does not install it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh" 2>/dev/null || exit 0

read_input 2>/dev/null
send response notification_type=.notification_type message=.message
exit 0
