# The courier in a task of Fargate: the task's role in the place of keys, and folders that it opens to the keeper.
SECRETS=/tmp/secrets
# What the exchange of two databases is put off for at most: requests that run end meanwhile.
GATE_SECONDS=120

# Keys of the role, which ECS lends for some hours and renews.
s3_identity() {
  lent=$(setting url "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" | fetch --retry 3 | tr -d '\n')
  part() { printf '%s' "$lent" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }
  setting user "$(part AccessKeyId):$(part SecretAccessKey)"
  setting header "x-amz-security-token: $(part Token)"
}

own_errand() { # <command> <word>
  case $1 in
    authority)
      setting url "$DATABASE_CA_URL" | fetch --retry 3 || { say "the certificates of the database's authority cannot be fetched"; return 1; }
      ;;
    record) upload_file "$RESULTS/$2" "$(sum_of "$RESULTS/$2")" "$S3_PREFIX$2" ;;
    gate) wait_at "${S3_PREFIX}gates/$2" ;;
    *) say "unknown: $1"; return 2 ;;
  esac
}

# Until somebody puts an object there, with a word: whether to go on.
wait_at() { # <object>
  waited=0
  until word=$(s3 "$1" < /dev/null 2> /dev/null); do
    [ "$waited" -lt "$GATE_SECONDS" ] || { say "nobody has given the word for $GATE_SECONDS s: nothing was changed"; return 1; }
    sleep 1
    waited=$((waited + 1))
  done
  s3 "$1" --request DELETE < /dev/null > /dev/null
  [ "$word" != off ] || { say "called off: nothing was changed"; return 1; }
}

trap 'exit 0' TERM INT QUIT
mkdir -p "$VERDICTS" "$SECRETS"
[ -z "${PING_URL-}" ] || (umask 077 && printf '%s\n' "$PING_URL" > "$SECRETS/PING_URL")
# Fargate gives volumes to root, unless the image says whose they are. Root without a capability is an ordinary user.
chmod 1777 "$KEEPER_SCRATCH" 2> /dev/null
mkdir "$ERRANDS.new" && chmod 777 "$HOME_FOLDER" "$ERRANDS.new" && mv "$ERRANDS.new" "$ERRANDS"
while :; do
  run_errand
  deliver_backups
  sleep 0.3 & wait $!
done
