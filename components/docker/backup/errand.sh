# What the keeper of one job has the courier do for it: both are in one pod or task, and meet in the folder of the backups.
#
# /backups/.errands/asked     a command and its words, until the courier has taken it
# /backups/.errands/answer    what it printed; `said`: what it said; `ended`, last of all: its exit code
ERRANDS="$HOME_FOLDER/.errands"

errand() { # <command> [word]
  rm -f "$ERRANDS/ended"
  echo "$*" | put "$ERRANDS/asked"
  end=$(($(date +%s) + VERDICT_SECONDS))
  until [ -f "$ERRANDS/ended" ]; do
    [ "$(date +%s)" -lt "$end" ] || { say "the courier has not answered for $VERDICT_SECONDS s"; return 1; }
    sleep 0.2
  done
  cat "$ERRANDS/said" >&2
  cat "$ERRANDS/answer"
  return "$(cat "$ERRANDS/ended")"
}

listed() { remote_names > "$SCRATCH/present" || { say "S3 cannot be listed"; return 1; }; }

# The courier's side: one at a time, each answered once. What a target has besides is its own_errand.
run_errand() {
  [ -f "$ERRANDS/asked" ] || return 0
  read -r command word < "$ERRANDS/asked"
  rm -f "$ERRANDS/asked"
  (
    case $command in
      last) listed && note_last "$SCRATCH/present" ;;
      newest) listed && head -n 1 "$SCRATCH/present" ;;
      remote) remote || { say "S3 cannot be listed"; exit 1; } ;;
      fetch) fetch_backup "$word" ;;
      *) own_errand "$command" "$word" ;;
    esac
  ) > "$ERRANDS/answer" 2> "$ERRANDS/said"
  echo $? | put "$ERRANDS/ended"
}
