# shellcheck shell=bash
# Sourced by the hook scripts beside it. What they share: reading what Claude Code writes, making an
# event of it, sending that. Nothing here may disturb the host: no output, no failure, no waiting.
#
# The host's JSON is read with jq. Without jq it is taken apart here: then lines are not counted.
# Strings are then passed on as they stand in the JSON, escapes and all, so that whatever they hold
# stays inside its quotes.

# Bytes, not characters: the same result in every locale.
export LC_ALL=C

MAX_INPUT=8388608 # bytes
MAX_TEXT=32768    # of one text of an event; no event then exceeds what a server takes

input=
declare -A raw=() # without jq: path in the host's JSON -> the string there, still escaped, see parse_input

has_jq() { command -v jq >/dev/null 2>&1; }

read_input() {
  input=$(head -c "$MAX_INPUT" | tr -d '\000')
  has_jq || parse_input
}

# keep PATH STRING: remembers what some event needs.
keep() {
  case $1 in
    .session_id | .cwd | .tool_name | .tool_use_id | .prompt | .model | .source | .message | \
      .notification_type | .reason | .file_path | .memory_type | .load_reason | .globs | \
      .trigger_file_path | .parent_file_path | .tool_input.command | .tool_input.file_path | \
      .tool_input.pattern | .tool_input.query | .tool_input.url) raw[$1]=$2 ;;
    '.globs[]') raw[$1]+=${raw[$1]:+,}\"$2\" ;;
  esac
}

# Splits the JSON at its quotes: the pieces are outside and inside of a string in turn. A string is
# the name of a member when a colon follows, else a value. Escaped backslashes and quotes are one
# byte each meanwhile, 1 and 2, which no JSON contains: so every quote that is left ends a string.
parse_input() {
  local piece rest string='' is_inside=0 has_string=0 depth=0 brackets i
  local names=() kinds=() other='[!{}\[\]]'
  while IFS= read -r piece || [ -n "$piece" ]; do
    if [ $is_inside = 1 ]; then
      string=$piece is_inside=0 has_string=1
      continue
    fi
    rest=${piece#"${piece%%[![:space:]]*}"}
    if [ $has_string = 1 ]; then
      if [[ $rest == :* ]]; then
        names[depth]=$string
      elif [ $depth = 1 ]; then
        keep ".${names[1]}" "$string"
      elif [ $depth = 2 ] && [ "${kinds[2]}" = '{' ]; then
        keep ".${names[1]}.${names[2]}" "$string"
      elif [ $depth = 2 ]; then
        keep ".${names[1]}[]" "$string"
      fi
    fi
    brackets=$piece
    [ ${#piece} -lt 1000 ] || brackets=$(printf '%s' "$piece" | tr -dc '{}[]')
    brackets=${brackets//$other/}
    [ ${#brackets} -lt 1000 ] || return 0 # nobody's hook nests so deep
    for ((i = 0; i < ${#brackets}; ++i)); do
      case ${brackets:i:1} in
        '{' | '[')
          depth=$((depth + 1))
          names[depth]=
          kinds[depth]=${brackets:i:1}
          ;;
        *) depth=$((depth - 1)) ;;
      esac
      [ $depth -gt 0 ] || return 0
    done
    is_inside=1 has_string=0
  done < <(printf '%s' "$input" | tr -d '\001\002' |
    sed -e $'s/\\\\\\\\/\001/g' -e $'s/\\\\"/\002/g' -e 's,\\/,/,g' | tr '\n"' ' \n')
}

# text PATH: the string at PATH of the host's JSON, nothing when there is none.
text() {
  if has_jq; then
    printf '%s' "$input" | jq -j "($1)? | strings" 2>/dev/null
  else
    printf '%b' "${raw[$1]}" | tr '\001\002' '\\"'
  fi
}

# cut_raw STRING: its first MAX_TEXT bytes, without half a character or half an escape at the end.
cut_raw() {
  local s=$1
  if [ ${#s} -gt $MAX_TEXT ]; then
    s=${s:0:MAX_TEXT}
    while [[ $s == *[$'\x80'-$'\xbf'] ]]; do s=${s%?}; done
    s=${s%[$'\xc0'-$'\xff']}
    [[ $s =~ \\(u[0-9a-fA-F]{0,3})?$ ]] && s=${s%"${BASH_REMATCH[0]}"}
  fi
  printf '%s' "$s"
}

branch_of() {
  [ -n "$1" ] || return 0
  local branch
  branch=$(git -C "$1" rev-parse --abbrev-ref HEAD 2>/dev/null) || branch=
  printf '%s' "$branch"
}

# event TYPE [NAME=PATH | NAME:=JSON]...: prints the event. A NAME with a dot in front is a field of
# the event, any other a member of its metadata. Texts that are not there are left out.
event() {
  if has_jq; then event_by_jq "$@"; else event_by_hand "$@"; fi
}

event_by_jq() {
  local type=$1 fields='{}' metadata='{}' part member
  shift
  for part in "$@"; do
    case $part in
      *:=*) member="{\"${part%%:=*}\": ${part#*:=}}" ;;
      *) member="put(\"${part%%=*}\"; ${part#*=})" ;;
    esac
    case $part in
      .*) fields+=" + ${member/\"./\"}" ;;
      *) metadata+=" + $member" ;;
    esac
  done
  printf '%s' "$input" | jq -c --arg type "$type" --arg branch "$(branch_of "$(text .cwd)")" \
    --argjson max "$MAX_TEXT" "
    def cut: if type == \"string\" and length > 0 then .[0:\$max]
             elif type == \"array\" then map(strings | .[0:1024])[0:64] else empty end;
    def put(\$name; value): [value? | cut] | if length > 0 then {(\$name): .[0]} else {} end;
    def lines(text): [text? | strings | select(length > 0) | split(\"\\n\") | length - 1] | add // 0;
    select(.session_id | strings | test(\"[^\\\\s]\"))
    | {session_id: .session_id[0:\$max], agent_type: \"claude_code\", event_type: \$type, source: \"hook\"}
    + put(\"project\"; .cwd | split(\"/\") | map(select(length > 0)) | last)
    + put(\"branch\"; \$branch)
    + $fields
    + {metadata: ($metadata)}"
}

event_by_hand() {
  local type=$1 fields='' metadata='' part name value project=${raw[.cwd]} branch
  shift
  [[ ${raw[.session_id]} == *[![:space:]]* ]] || return 0
  while [[ $project == */ ]]; do project=${project%/}; done
  project=${project##*/}
  branch=$(branch_of "$(text .cwd)")
  branch=${branch//\\/\\\\}
  branch=${branch//\"/\\\"}
  for part in "$@"; do
    case $part in
      *:=*) name=${part%%:=*} value=${part#*:=} ;;
      *)
        name=${part%%=*} value=${raw[${part#*=}]}
        if [ -n "$value" ]; then
          value=\"$(cut_raw "$value")\"
        elif [ -n "${raw[${part#*=}[]]}" ]; then
          value=[${raw[${part#*=}[]]}]
        fi
        ;;
    esac
    [ -n "$value" ] || continue
    case $name in
      .*) fields+=,\"${name#.}\":$value ;;
      *) metadata+=${metadata:+,}\"$name\":$value ;;
    esac
  done
  printf '{"session_id":"%s","agent_type":"claude_code","event_type":"%s","source":"hook"%s%s%s,"metadata":{%s}}' \
    "$(cut_raw "${raw[.session_id]}")" "$type" "${project:+,\"project\":\"$project\"}" \
    "${branch:+,\"branch\":\"$branch\"}" "$fields" "$metadata" |
    sed -e $'s/\001/\\\\\\\\/g' -e $'s/\002/\\\\"/g'
}

post() {
  local url=${AGENTMONITOR_URL:-http://127.0.0.1:3141} token=${SIGHTLINE_TOKEN:-}
  while [[ $url == */ ]]; do url=${url%/}; done
  token=${token//[\"\\$'\r\n']/}
  # The token not as an argument: those can be seen by others.
  curl -q -s -g --noproxy 127.0.0.1,localhost,::1 --connect-timeout 2 --max-time 5 \
    -K <([ -z "$token" ] || printf 'header = "Authorization: Bearer %s"\n' "$token") \
    -H 'Content-Type: application/json' -H 'Expect:' --data-binary @- --url "$url/api/events"
}

# send TYPE ...: as `event`; makes and sends it while the host goes on.
send() {
  {
    local made
    made=$(event "$@")
    [ -z "$made" ] || printf '%s' "$made" | post
  } </dev/null >/dev/null 2>&1 &
  disown 2>/dev/null
}
