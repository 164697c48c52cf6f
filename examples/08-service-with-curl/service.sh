#!/usr/bin/env bash
# Counts words, with nothing but curl. A message is leased, not taken: until it is answered it is the gateway's to give
# to somebody else, so this may be ended at any moment.
gateway=${REPLYTO_URL:-http://127.0.0.1:8080}
queue=${QUEUE:-example.curl}
kept=${KEPT:-later.txt} # requests that are answered by answer-later.sh
folder=$(mktemp -d)

header() { grep -i "^$1:" "$folder/headers" | cut -d' ' -f2- | tr -d '\r'; }

# Prints the status. What makes no difference when it is done twice is done again until the gateway is back.
http() { curl -gs -o "$folder/problem" -w '%{http_code}' --retry 60 --retry-delay 1 --retry-all-errors "$@"; }

finish() {
  kill "$reading" 2>/dev/null && wait "$reading"
  lease=$(header Content-Location)
  [ -n "$lease" ] && http -X POST "$gateway$lease/release" >/dev/null && echo 'gave back what was not answered' >&2
  rm -r "$folder"
}
touch "$folder/headers"
trap finish EXIT
trap 'exit 0' INT TERM

echo "answering requests of $queue"
while true; do
  : >"$folder/body"
  curl -gs -o "$folder/body" -D "$folder/headers" -w '%{http_code}' -H "Prefer: wait=${WAIT:-30}" \
    -H 'Lease-Seconds: 60' "$gateway/queues/$queue/messages" >"$folder/status" &
  reading=$!
  wait "$reading"
  case $(cat "$folder/status") in
    200) ;;
    204) continue ;;
    000) sleep 1; continue ;; # no gateway there: it comes back
    *) cat "$folder/body" >&2; sleep 5; continue ;;
  esac

  lease=$(header Content-Location)
  if [ -z "$(header Reply-To)" ]; then # one-way: work, and acknowledge
    status=$(http -X DELETE "$gateway$lease")
  elif grep -q '^later' "$folder/body"; then # for days: keep whom to answer, and acknowledge
    echo "$(header Message-ID) $(header Reply-Token)" >>"$kept"
    status=$(http -X DELETE "$gateway$lease")
  elif [ -s "$folder/body" ]; then
    wc -w <"$folder/body" | tr -d ' ' >"$folder/reply"
    status=$(http -H 'Content-Type: text/plain' --data-binary "@$folder/reply" "$gateway$lease/reply")
  else
    fault='{"code":"NO_WORDS","message":"there is nothing to count","status":422}'
    status=$(http -H 'Content-Type: application/json' -H 'Fault: true' -d "$fault" "$gateway$lease/reply")
  fi
  case $status in
    202 | 204) ;;
    410) echo 'the lease ran out: somebody else has the message now' >&2 ;;
    *) cat "$folder/problem" >&2 ;;
  esac
  : >"$folder/headers" # nothing is held now
done
