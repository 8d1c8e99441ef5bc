#!/bin/sh
# Delivers the stack's alarms to one address, each until it is accepted (POSIX sh: busybox and dash).
#
# /alarms/*.txt            one sentence each, put there whole by any container (raise.sh)
# /run/secrets/ALARM_URL   where they go: as Slack's webhooks take them
#
# Root without any capability, so an ordinary user who owns the volume: it opens it to the users of other containers.
set -u

OUTBOX=/alarms
say() { echo "alarms: $*" >&2; }

# curl reads the address from stdin: in no argument list, and what curl says of it in no log.
post() { # <file with JSON>
  printf 'url = "%s"\n' "$(sed 's/["\\]/\\&/g' /run/secrets/ALARM_URL | tr -d '\n')" |
    curl --silent --fail --connect-timeout 10 --max-time 20 --header "Content-Type: application/json" \
      --data-binary "@$1" --output /dev/null --config -
}

deliver() { # <file>
  printf '{"text": "%s"}' "$(tr '\000-\037\177' ' ' < "$1" | sed 's/["\\]/\\&/g; s/ *$//')" > /tmp/alarm
  post /tmp/alarm
}

# The image's own stop signal is QUIT.
trap 'exit 0' TERM INT QUIT
chmod 1777 "$OUTBOX"
while :; do
  wait=1
  for file in "$OUTBOX"/*.txt; do
    [ -f "$file" ] || continue
    # One that is refused does not keep the others.
    if [ ! -s "$file" ] || deliver "$file"; then
      rm -f "$file"
    else
      say "${file##*/} was not accepted (curl's exit code $?), next try in 10 s"
      wait=10
    fi
    touch /tmp/alive
  done
  touch /tmp/alive
  sleep "$wait" & wait $!
done
