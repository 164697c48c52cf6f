#!/usr/bin/env bash
# Counts words. `replyto reply` runs it for each request: the body on stdin, the reply on stdout, the rest of the message
# in REPLYTO_... variables. Exit 0 is the reply, 64 a Fault with stderr as its message, any other code is tried again.
set -euo pipefail

# With the package installed, `replyto` is on the path and this line is not needed.
replyto() { node "$(dirname "$0")/../../dist/cli/main.js" "$@"; }

# Progress is a message to the status queue. It is news and no part of the answer: nothing of it goes to stdout or stderr.
progress() {
  local id=${REPLYTO_MESSAGE_ID//\"/\\\"}
  replyto send "${REPLYTO_PREFIX:-replyto}.status" --content-type application/json --data \
    "{\"id\":\"$id-$1\",\"subject\":\"$id\",\"kind\":\"progress\",\"percent\":$1,\"text\":\"$2\",\"time\":$(date +%s)000}" \
    >/dev/null 2>&1 || true
}

text=$(cat)
if [ -z "$text" ]; then
  echo 'there is nothing to count' >&2
  exit 64
fi
progress 50 'half way'
echo "$(wc -w <<<"$text") words" | tr -s ' '
