#!/usr/bin/env bash
# Counts words, with nothing but curl. A message is leased, not taken: until it is answered it is the gateway's to give
# to somebody else, so this may be ended at any moment.
gateway=${REPLYTO_URL:-http://127.0.0.1:8080}
queue=${QUEUE:-example.curl}
kept=${KEPT:-later.txt} # requests that are answered by answer-later.sh
folder=$(mktemp -d)
touch "$folder/headers"

# The body on stdin, the reply on stdout; when it fails, stderr says why.
work() { exec ${WORK:-wc -w}; }

header() { grep -i "^$1:" "$folder/headers" | cut -d' ' -f2- | tr -d '\r'; }

# Prints the status. Each of these calls may be made again: it is until the gateway is back.
http() { curl -gs -o "$folder/problem" -w '%{http_code}' --retry 60 --retry-delay 1 --retry-all-errors "$@"; }

fault() { http -H 'Content-Type: application/json' -H 'Fault: true' -d "$1" "$gateway$lease/reply"; }

# A signal is heard at once while a job in the background is waited for.
await() { running=$! && wait "$running"; }

finish() {
  kill "$running" 2>/dev/null && wait "$running"
  lease=$(header Content-Location)
  [ -z "$lease" ] || [ "$(http -X POST "$gateway$lease/release")" != 204 ] || echo 'gave back what was held' >&2
  rm -r "$folder"
}
trap finish EXIT
trap 'exit 0' INT TERM

echo "answering requests of $queue"
while true; do
  : >"$folder/body"
  curl -gs -o "$folder/body" -D "$folder/headers" -w '%{http_code}' -H "Prefer: wait=${WAIT:-30}" \
    -H "Lease-Seconds: ${LEASE_SECONDS:-60}" "$gateway/queues/$queue/messages" >"$folder/status" &
  await
  case $(cat "$folder/status") in
    200) ;;
    204) continue ;; # nothing came
    000) echo "no gateway at $gateway yet" >&2; sleep 1; continue ;;
    *) cat "$folder/body" >&2; sleep 5; continue ;;
  esac

  lease=$(header Content-Location)
  if [ -z "$(header Reply-To)" ]; then # one-way: work, and acknowledge
    work <"$folder/body" >/dev/null & await
    status=$(http -X DELETE "$gateway$lease")
  elif grep -q '^later' "$folder/body"; then # for days: keep whom to answer, and acknowledge
    echo "$(header Message-ID) $(header Reply-Token)" >>"$kept"
    status=$(http -X DELETE "$gateway$lease")
  elif [ ! -s "$folder/body" ]; then
    status=$(fault '{"code":"NO_WORDS","message":"there is nothing to count","status":422}')
  elif work <"$folder/body" >"$folder/reply" & await; then
    status=$(http -H 'Content-Type: text/plain' --data-binary "@$folder/reply" "$gateway$lease/reply")
  else
    status=$(fault '{"code":"SERVICE_FAILED","message":"the service failed","status":502}')
  fi
  case $status in
    202 | 204) ;;
    410) echo 'the lease ran out: the message went to somebody else' >&2 ;;
    *) cat "$folder/problem" >&2 ;;
  esac
  : >"$folder/headers" # nothing is held now
done
