# The keeper in a task of Fargate. Its log is what the function that started it reads: the answer, with a line before and behind it.
END_LINE="--- end"

# A metric: CloudWatch makes one of such a line in a log by itself.
measure() { # <name>
  printf '{"_aws":{"Timestamp":%s000,"CloudWatchMetrics":[{"Namespace":"%s","Dimensions":[["Stack"]],"Metrics":[{"Name":"%s","Unit":"Count"}]}]},"Stack":"%s","%s":1}\n' \
    "$(date +%s)" "$METRICS" "$1" "$STACK" "$1"
}

# The password from the URL to the file that it is in on the other targets: what is started from here sees no variable.
take_password() {
  rest=${DATABASE_URL#*://*:}
  (umask 077 && printf '%s\n' "${rest%%@*}" > "$POSTGRES_PASSWORD_FILE")
  unset DATABASE_URL rest
}

work() { # <command> [word…]
  case $1 in
    now | prepare | swap | discard | confirm) errand authority > "$PGSSLROOTCERT" || return 1 ;;
  esac
  run_job "$@"
}

# The last thing that was said.
reason() { sed -n 's/^backup: \(ALARM: \)\{0,1\}//p' /tmp/said | tail -n 1 | tr -d '"\\'; }

# The courier opens our folders.
until [ -d "$ERRANDS" ]; do sleep 0.2; done
mkdir -p "$WORK" "$RESULTS"
take_password
if [ "$1" = when ]; then
  errand gate "$2" || exit 1
  shift 2
fi
{ work "$@" > /tmp/answer; echo $? > /tmp/code; } 2>&1 | tee /tmp/said >&2
code=$(cat /tmp/code)

case "$1 $code" in
  "now 0") measure GoodBackups ;;
  now\ *)
    measure FailedBackups
    printf '{"at": "%s", "reason": "%s"}\n' "$(iso_now)" "$(reason)" | put "$RESULTS/failure.json"
    errand record failure.json
    ;;
  drill\ *)
    [ "$code" = 0 ] || measure FailedBackups
    [ ! -f "$RESULTS/restore.json" ] || errand record restore.json
    ;;
esac
[ "$code" = 0 ] || exit "$code"
echo "$ANSWER_LINE"
cat /tmp/answer
echo "$END_LINE"
