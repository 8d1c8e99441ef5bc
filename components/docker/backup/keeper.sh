# The container that makes backups: its schedule, and what it can be asked to do.

# Whether the last good backup is recent enough; a container that has just started is given the same time.
recent() {
  last=$(newest)
  if [ -n "$last" ]; then mark="$HOME_FOLDER/$last.json"; else mark=/tmp/started; fi
  [ "$(age_of "$mark")" -le "$LATE_SECONDS" ] || { echo "no good backup for $(age_of "$mark") s"; return 1; }
}

serve() {
  trap 'kill $(jobs -p) 2> /dev/null; exit 0' TERM INT
  # The courier owns the volume and opens it to us.
  until mkdir -p "$WORK" "$RESULTS" 2> /dev/null && [ -d "$VERDICTS" ]; do sleep 1 & wait $!; done
  touch /tmp/started
  # A new host: what is in S3 is what the first dump is measured by.
  waited=0
  while [ -n "$S3" ] && [ -z "$(newest)" ] && [ ! -f "$REMOTE_LAST" ] && [ "$waited" -lt 60 ]; do
    sleep 1 & wait $!
    waited=$((waited + 1))
  done
  say "schedule $SCHEDULE, drill $DRILL_SCHEDULE, keeping $RETENTION_DAYS days"
  # What was missed while nothing ran, and the very first one.
  last=$(newest)
  if [ -z "$last" ] || [ "$(age_of "$HOME_FOLDER/$last.json")" -gt "$LATE_SECONDS" ]; then run now 0 & fi
  seen=$(date -u +%Y%m%d%H%M)
  while :; do
    sleep 5 & wait $!
    minute=$(date -u +%Y%m%d%H%M)
    [ "$minute" != "$seen" ] || continue
    seen=$minute
    moment=$(date -u '+%M %H %d %m %w')
    if cron_match "$SCHEDULE" "$moment"; then run now 0 & fi
    if cron_match "$DRILL_SCHEDULE" "$moment"; then run drill & fi
  done
}

# A job of the schedule: in a process of its own, its result in the log.
run() { sh "$0" "$@" | grep -v '"table"' >&2; }

list() {
  echo "["
  separator=""
  for one in $(names); do
    word=$(cat "$VERDICTS/$one" 2> /dev/null || echo pending)
    printf '%s{"verdict": "%s", "manifest":\n' "$separator" "$(echo "$word" | tr -d '"\\')"
    cat "$HOME_FOLDER/$one.json"
    echo "}"
    separator=","
  done
  echo "]"
}

# Takes a copy of the state from stdin, and waits a while for the courier's word on it.
keep_state() { # <name> <seconds>
  put "$STATES/$1.age" || return 1
  waited=0
  until [ -f "$VERDICTS/state-$1" ] || [ "$waited" -ge "$2" ]; do
    sleep 1
    waited=$((waited + 1))
  done
  cat "$VERDICTS/state-$1" 2> /dev/null || echo pending
}

command=${1-}
[ $# -eq 0 ] || shift
case $command in
  serve | list | verify | drill | prepare | swap | discard | confirm) "$command" "$@" ;;
  now) case ${1-} in [0-9]*) now "$@" ;; *) now 60 "$@" ;; esac ;;
  keep-state) keep_state "$@" ;;
  health) recent ;;
  cron) cron_match "$@" ;;
  *) say "unknown: $command"; exit 2 ;;
esac
