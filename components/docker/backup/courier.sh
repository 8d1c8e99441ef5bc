# The container that speaks with the outside: uploads, pings, records. It has no way to the database.
#
# Root without any capability, so an ordinary user who owns the volumes; it opens the backups' volume to the keeper.

# Once for each last backup, and again every day.
watch_lateness() {
  last=$(good_names | head -n 1)
  if [ -n "$last" ]; then mark="$HOME_FOLDER/$last.json"; else mark=/tmp/started; fi
  [ "$(age_of "$mark")" -gt "$LATE_SECONDS" ] || return 0
  told="$VERDICTS/.late-${last:-none}"
  [ -f "$told" ] && [ "$(age_of "$told")" -lt 86400 ] && return 0
  rm -f "$VERDICTS"/.late-*
  touch "$told"
  alarm "Backup of $STACK is late: the last good one is ${last:-none}."
}

# On a host that is new, before anything is dumped: what the first dump is measured by.
note_remote() {
  [ -n "$S3_URL" ] && [ ! -f "$REMOTE_LAST" ] || return 0
  [ ! -f /tmp/unlisted ] || [ "$(age_of /tmp/unlisted)" -ge 10 ] || return 0
  if remote_names > "$SCRATCH/present" 2> /tmp/error; then note_last "$SCRATCH/present"; else touch /tmp/unlisted; fi
}

serve() {
  trap 'exit 0' TERM INT QUIT
  mkdir -p "$VERDICTS" "$STATES"
  # The keeper is another user; nobody else mounts the volume.
  chmod 777 "$HOME_FOLDER" "$STATES"
  touch /tmp/started
  while :; do
    note_remote
    deliver_backups
    deliver_states
    watch_lateness
    [ ! -f "$RESULTS/restore.json" ] || cmp -s "$RESULTS/restore.json" "$RECORDS/restore.json" || put "$RECORDS/restore.json" < "$RESULTS/restore.json"
    touch /tmp/alive
    sleep 1 & wait $!
  done
}

command=${1-}
[ $# -eq 0 ] || shift
case $command in
  serve) serve ;;
  remote) remote ;;
  fetch) fetch_backup "$@" ;;
  *) say "unknown: $command"; exit 2 ;;
esac
