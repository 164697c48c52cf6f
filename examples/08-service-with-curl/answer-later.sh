#!/usr/bin/env bash
# Answers what service.sh kept, days later and from anywhere: the Reply-Token that came with a request is the right to.
gateway=${REPLYTO_URL:-http://127.0.0.1:8080}
while read -r id token; do
  curl -gsSf -o /dev/null -H "Reply-Token: $token" -H 'Content-Type: text/plain' -d 'counted by hand: 4' \
    "$gateway/requests/$id/reply" && echo 'answered one' || echo "could not answer $id" >&2
done <"${KEPT:-later.txt}"
