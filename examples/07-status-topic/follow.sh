#!/usr/bin/env bash
# Publishes what a task does and follows it, with nothing but curl. Who follows goes away in the middle, and misses nothing.
set -euo pipefail
gateway=${REPLYTO_URL:-http://127.0.0.1:8080}
project=${PROJECT:-example-$(date +%s)-$$}
task=import-$$

# publish KIND PERCENT TEXT
publish() {
  curl -gsSf -o /dev/null "$gateway/status/$project" -H 'Content-Type: application/json' \
    -d "{\"subject\":\"$task\",\"kind\":\"$1\",\"percent\":$2,\"text\":\"$3\"}"
}

# Enough for this example; a program reads JSON with jq.
member() { sed -nE "s/.*\"$1\":\"?([^,\"}]*).*/\1/p" <<<"$data"; }

# follow COUNT: prints events behind $position until so many came, or the task is over; $position is then the last of them.
follow() {
  local line id= kind= data= left=$1
  exec 3< <(exec curl -gsSN --max-time 60 -H "Last-Event-ID: $position" "$gateway/status/$project?subject=$task")
  local curl=$!
  while [ "$left" -gt 0 ] && IFS= read -r line <&3; do
    case $line in
      'id: '*) id=${line#id: } ;;
      'event: '*) kind=${line#event: } ;;
      'data: '*) data=${line#data: } ;;
      '') # the end of an event, or of a comment
        [ -n "$data" ] || continue
        position=$id left=$((left - 1))
        echo "event $id: $kind, $(member percent) % $(member text)"
        case $kind in success | failure) left=0 ;; esac
        data=
        ;;
    esac
  done
  kill "$curl" 2>/dev/null || true
  exec 3<&-
}

position=0
publish progress 25 reading
follow 1
echo 'away'
publish progress 50 checking
publish progress 75 writing
echo "back, behind event $position"
(sleep 1 && publish success 100 imported) &
follow 10
wait
