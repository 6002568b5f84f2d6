#!/usr/bin/env bash
# Installs these hooks into Claude Code's settings, or removes them. Keeps what others have put there.
set -euo pipefail

URL=http://127.0.0.1:3141
variant='sh'
mode=install

usage() {
  cat <<'TEXT'
Usage: install.sh [--url URL] [--python] [--uninstall]

  --url URL     the server to tell; default http://127.0.0.1:3141
  --python      the Python scripts, for where there is no curl: no prompts, branches, line counts
  --uninstall   remove the hooks
  -h, --help    this text

Writes settings.json in $CLAUDE_CONFIG_DIR, or in ~/.claude. Hooks of others stay. A changed file is
kept as settings.json.bak.YYYYMMDDHHMMSS. Needs jq.
TEXT
}

fail() {
  printf 'install.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

# quoted WORD: for a shell; as it is when it needs no quotes.
quoted() {
  case $1 in
    '' | *[!a-zA-Z0-9_./:@%+,-]*) printf "'%s'" "${1//\'/\'\\\'\'}" ;;
    *) printf '%s' "$1" ;;
  esac
}

while [ $# -gt 0 ]; do
  case $1 in
    --url)
      [ $# -gt 1 ] || fail '--url needs a URL' 2
      URL=$2
      shift
      ;;
    --url=*) URL=${1#--url=} ;;
    --python) variant=py ;;
    --uninstall) mode=uninstall ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      fail "unknown argument $1" 2
      ;;
  esac
  shift
done
case $URL in
  http://?* | https://?*) ;;
  *) fail "\"$URL\" is not a URL such as http://127.0.0.1:3141" 2 ;;
esac
command -v jq >/dev/null 2>&1 || fail 'jq is needed to edit the settings; install it (apt-get install jq)'

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
settings=${CLAUDE_CONFIG_DIR:-$HOME/.claude}/settings.json

# What is ours: a script of this folder, or of any checkout's like it, and `sightline hook`, which
# does the same: two of them would count everything twice. --uninstall takes whatever names
# agentmonitor, too.
PROGRAM='
def command: if type == "object" then .command else null end | strings;
def is_script: test("hooks/claude-code/(session_start|session_end|pre_tool_use|post_tool_use|user_prompt_submit|notification|instructions_loaded)\\.(sh|py)([\u0027\"\\s]|$)");
def is_program: test("^(\\w+=\\S* )*([\u0027\"]?(\\S*/)?|[\u0027\"]/.*/)sightline[\u0027\"]? hook(\\s|$)");
def is_here: . as $line | any($scripts[]; . as $path | $line | endswith($path));
def is_named: test("agentmonitor|hooks/claude-code");
def is_ours: [command | is_script or is_here or is_program or ($mode == "uninstall" and is_named)] | any;
def holds_ours: type == "object" and (.hooks | type) == "array" and any(.hooks[]; is_ours);

def without_ours:
  if holds_ours then .hooks |= map(select(is_ours | not)) | select(.hooks | length > 0) else . end;
def removed: if has("hooks") then .hooks |= map_values(map(without_ours)) else . end;
# What has become empty goes, what was empty stays.
def tidied($before):
  if has("hooks") then
    .hooks |= with_entries(.key as $hook | select(.value != [] or $before.hooks[$hook] == []))
    | if .hooks == {} and $before.hooks != {} then del(.hooks) else . end
  else . end;

def entry($script; $async):
  {type: "command",
   command: ("AGENTMONITOR_URL=" + $url
             + (if $script == "session_start" then " AGENTMONITOR_INSTRUCTION_LOAD_INSTRUMENTED=1" else "" end)
             + " " + $scripts[$script]),
   async: $async, timeout: 10};
def add($hook; $group): .hooks[$hook] = ((.hooks[$hook] // []) + [$group]);
def added:
  add("SessionStart"; {matcher: "", hooks: [entry("session_start"; true)]})
  | add("Stop"; {hooks: [entry("session_end"; true)]})
  | add("PostToolUse"; {matcher: "", hooks: [entry("post_tool_use"; true)]})
  | if $variant == "py" then . else
      add("UserPromptSubmit"; {matcher: "", hooks: [entry("user_prompt_submit"; true)]})
      | add("InstructionsLoaded"; {matcher: "", hooks: [entry("instructions_loaded"; true)]})
    end
  | add("PreToolUse"; {matcher: "Bash", hooks: [entry("pre_tool_use"; false)
      + {statusMessage: "AgentMonitor: checking safety..."}]});

if type != "object" then error("must be a JSON object")
elif has("hooks") and (.hooks | type) != "object" then error("hooks must be an object")
elif has("hooks") and any(.hooks[]; type != "array") then error("each of its hooks must be an array")
else . as $before | removed | if $mode == "install" then added else . end | tidied($before) end'

scripts='{}'
for script in session_start session_end pre_tool_use post_tool_use user_prompt_submit instructions_loaded; do
  scripts=$(jq -c --arg name "$script" --arg path "$(quoted "$folder/$script.$variant")" \
    '. + {($name): $path}' <<<"$scripts")
done

before='{}'
if [ -e "$settings" ]; then
  before=$(cat "$settings")
  [[ $before == *[![:space:]]* ]] || before='{}'
fi
# One value: jq would take several, one after the other.
[ "$(jq -s length <<<"$before" 2>/dev/null)" = 1 ] || fail "$settings is not JSON; nothing is changed"
if ! after=$(jq --arg mode "$mode" --arg variant "$variant" --arg url "$(quoted "$URL")" \
  --argjson scripts "$scripts" "$PROGRAM" <<<"$before" 2>&1); then
  fail "$settings: ${after#jq: error (at *): }; nothing is changed"
fi

if [ "$after" = "$(jq . <<<"$before")" ]; then
  printf '%s: nothing to change\n' "$settings"
  exit 0
fi
mkdir -p "$(dirname "$settings")"
real=$settings
if [ -e "$settings" ]; then
  real=$(readlink -f "$settings") # a link stays a link
  backup=$settings.bak.$(date +%Y%m%d%H%M%S)
  [ -e "$backup" ] || cp -p "$real" "$backup"
fi
temporary=$(mktemp "$real.XXXXXX")
trap 'rm -f "$temporary"' EXIT
[ ! -e "$real" ] || cp -p "$real" "$temporary" # its rights
printf '%s\n' "$after" >"$temporary"
mv -f "$temporary" "$real"
printf '%s: hooks %s%s\n' "$settings" "$([ "$mode" = install ] && echo installed || echo removed)" "${backup:+; it was before: $backup}"
