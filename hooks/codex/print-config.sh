#!/usr/bin/env bash
# Prints what goes into ~/.codex/config.toml, so that Codex tells the monitor what it does.
#
#   print-config.sh [URL]        default $AGENTMONITOR_URL, or http://127.0.0.1:3141
set -euo pipefail

url=${1:-${AGENTMONITOR_URL:-http://127.0.0.1:3141}}
while [[ $url == */ ]]; do url=${url%/}; done
case $url in
  *[!a-zA-Z0-9_./:@%+,~[\]-]* | '') bad=1 ;;
  http://?* | https://?*) bad=0 ;;
  *) bad=1 ;;
esac
if [ $bad = 1 ]; then
  printf 'print-config.sh: "%s" is not a URL such as http://127.0.0.1:3141\n' "$url" >&2
  exit 2
fi
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${folder//\\/\\\\}
folder=${folder//\"/\\\"}

cat <<TOML
# \`notify\` must stand above the first [section]
notify = ["env", "AGENTMONITOR_URL=$url", "$folder/notify.py"]

[otel]
log_user_prompt = true
exporter = { otlp-http = { endpoint = "$url/api/otel/v1/logs", protocol = "json" } }
metrics_exporter = { otlp-http = { endpoint = "$url/api/otel/v1/metrics", protocol = "json" } }
TOML
