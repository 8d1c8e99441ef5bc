# Raising an alarm: joined in front of the scripts of those who do (POSIX sh: busybox and dash). They have `say`.
#
# /alarms   the outbox, mounted where the stack delivers alarms; deliver.sh opens it to every user
OUTBOX=/alarms

# Puts a sentence into the outbox whole: a file under another name first, readable by the deliverer.
drop() { # <sentence>
  draft=$(mktemp "$OUTBOX/.XXXXXX") && printf '%s\n' "$1" > "$draft" && chmod 644 "$draft" &&
    mv "$draft" "$OUTBOX/$(date -u +%s)-${draft##*.}.txt"
} 2> /dev/null

# Without an outbox the alarm stays in the log. One that cannot be written to yet is waited for, and not by the job.
alarm() { # <sentence>
  say "ALARM: $*"
  [ -d "$OUTBOX" ] || return 0
  drop "$*" || { until drop "$*"; do sleep 2; done & } < /dev/null > /dev/null 2>&1
}
