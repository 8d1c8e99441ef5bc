# One command of the keeper in a job of its own. Its folder begins empty and ends with it: what is needed is fetched from S3, and
# what is made counts once it is there.

# The log holds what was said as well: the answer comes last, below this line.
ANSWER_LINE="--- answer"

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
