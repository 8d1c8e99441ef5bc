# What speaks with the outside does with a backup: uploads it, lets old ones go there, pings, takes note.
SECRETS=/run/secrets
RECORDS=/records

# A secret as a value of curl's configuration, which it reads from stdin: in no argument list.
secret() { sed 's/["\\]/\\&/g' "$SECRETS/$1" | tr -d '\n'; }
setting() { printf '%s = "%s"\n' "$1" "$2"; }

# Gives up on a server that cannot be reached in 10 s or is silent for 20 s.
fetch() { timeout "$TIMEOUT" curl --silent --show-error --fail-with-body --connect-timeout 10 --speed-limit 1 --speed-time 20 --config - "$@"; }

# Who asks S3, as settings of curl.
s3_identity() { setting user "$(secret S3_ACCESS_KEY):$(secret S3_SECRET_KEY)"; }

s3() { # <object, with a query if need be> <curl's options…>
  object=$1
  shift
  {
    s3_identity
    setting url "$S3_URL/$object"
  } | fetch --aws-sigv4 "aws:amz:$S3_REGION:s3" "$@"
}

# S3 itself compares what it receives with the checksum, which is signed.
upload_file() { # <file> <sha256> <object>
  s3 "$3" --upload-file "$1" --header "x-amz-content-sha256: $2" \
    --header "x-amz-server-side-encryption: $S3_ENCRYPTION" > /tmp/answer ||
    { sed -n 's/.*<Code>\([A-Za-z]*\)<.*/S3 says: \1/p' /tmp/answer >&2; return 1; }
  length=$(s3 "$3" --head | tr -d '\r' | sed -n 's/^[Cc]ontent-[Ll]ength: //p')
  [ "$length" = "$(stat -c %s "$1")" ] || { echo "S3 holds ${length:-nothing} of $(stat -c %s "$1") bytes" >&2; return 1; }
}

sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# The manifest last: an object without one is not a backup.
upload() { # <name>
  upload_file "$HOME_FOLDER/$1.dump" "$(field "$1" sha256)" "$S3_PREFIX$1.dump" &&
    upload_file "$HOME_FOLDER/$1.json" "$(sum_of "$HOME_FOLDER/$1.json")" "$S3_PREFIX$1.json"
}

# The same days as here, counted by what is there.
expire_remote() {
  remote_names > "$SCRATCH/present" || return 1
  note_last "$SCRATCH/present"
  oldest=$(cut -c 1-8 "$SCRATCH/present" | uniq | head -n "$RETENTION_DAYS" | tail -n 1)
  while read -r one; do
    [ "$(echo "$one" | cut -c 1-8)" -lt "$oldest" ] || continue
    s3 "$S3_PREFIX$one.json" --request DELETE < /dev/null > /dev/null &&
      s3 "$S3_PREFIX$one.dump" --request DELETE < /dev/null > /dev/null
  done < "$SCRATCH/present"
}

succeed() { # <name>
  if [ -f "$SECRETS/PING_URL" ]; then
    setting url "$(secret PING_URL)" | fetch --retry 3 --max-time 30 > /dev/null 2>&1 || alarm "Backup of $STACK: the ping was not accepted."
  fi
  # A pod has no folder of records: its Job is one.
  [ ! -d "$RECORDS" ] || [ "$(good_names | head -n 1)" != "$1" ] ||
    printf '{"at": "%s", "bytes": %s}\n' "$(field "$1" at)" "$(field "$1" bytes)" | put "$RECORDS/backup.json"
  echo ok | put "$VERDICTS/$1"
  say "$1: done"
}

deliver_backup() { # <name>; fails when it could not be uploaded
  if [ -n "$S3_URL" ]; then
    for attempt in 1 2; do
      if upload "$1" 2> /tmp/error; then
        expire_remote 2> /tmp/error || alarm "Backup of $STACK: old objects could not be removed: $(tail -n 1 /tmp/error)"
        succeed "$1"
        return 0
      fi
      say "$1: upload, attempt $attempt of 2: $(tail -n 1 /tmp/error)"
      sleep 2
    done
    [ -f "$VERDICTS/$1" ] ||
      alarm "Backup of $STACK failed: $1 could not be uploaded: $(tail -n 1 /tmp/error). Nothing was deleted."
    echo "failed: $(tail -n 1 /tmp/error | tr -d '"\\')" | put "$VERDICTS/$1"
    return 1
  fi
  succeed "$1"
}

# New backups at once, those that could not be uploaded again every quarter of an hour; the newest first, and one
# failure is enough for a turn.
deliver_backups() {
  for one in $(good_names); do
    word=$(cat "$VERDICTS/$one" 2> /dev/null)
    case $word in
      ok) ;;
      "") deliver_backup "$one" || return 0 ;;
      *) [ "$(age_of "$VERDICTS/$one")" -lt 900 ] || deliver_backup "$one" || return 0 ;;
    esac
  done
}
