# One command of the keeper in a pod of its own. Its folder begins empty and ends with it: what is needed is fetched from S3, and
# what is made counts once it is there.

# The log holds what was said as well: the answer comes last, below this line.
ANSWER_LINE="--- answer"
# The pod's status, which is there for as long as its Job is.
STATUS=/dev/termination-log

list() { errand remote; }

run_job() { # <command> [word…]
  case $1 in
    now) errand last && now 0 ${2+"$2"} ;;
    list) list ;;
    verify | drill | prepare)
      one=${2:-$(errand newest)} || return 1
      [ -n "$one" ] || { say "there is no backup yet"; return 1; }
      errand fetch "$one" && "$1" "$one"
      ;;
    swap | discard | confirm) "$@" ;;
    *) say "unknown: $1"; return 2 ;;
  esac
}

until [ -d "$ERRANDS" ]; do sleep 0.2; done
mkdir -p "$WORK" "$RESULTS"
run_job "$@" > /tmp/answer
code=$?
[ "$code" = 0 ] || exit "$code"
case $1 in
  now) one=$(newest) && printf '{"backup": "%s", "at": "%s", "bytes": %s}\n' "$one" "$(field "$one" at)" "$(field "$one" bytes)" > "$STATUS" ;;
  drill) cat "$RESULTS/restore.json" > "$STATUS" ;;
esac
echo "$ANSWER_LINE"
cat /tmp/answer
