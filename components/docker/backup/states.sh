# Copies of the stack's state, encrypted by whoever made them: kept here and in S3, the last 30 of them.
KEPT_STATES=30

# Each until it is uploaded, the newest first; a failure is told once and tried again every quarter of an hour.
deliver_states() {
  for file in $(ls -1r "$STATES"/*.age 2> /dev/null); do
    one=$(basename "$file" .age)
    word=$(cat "$VERDICTS/state-$one" 2> /dev/null)
    [ "$word" != ok ] || continue
    [ -z "$word" ] || [ "$(age_of "$VERDICTS/state-$one")" -ge 900 ] || continue
    if [ -z "$S3_URL" ] || upload_file "$file" "$(sum_of "$file")" "${S3_PREFIX}state/$one.age" 2> /tmp/error; then
      echo ok | put "$VERDICTS/state-$one"
      printf '{"at": "%s", "bytes": %s}\n' "$(echo "$one" | sed 's/\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\)Z/\1-\2-\3T\4:\5:\6Z/')" \
        "$(stat -c %s "$file")" | put /records/state.json
      expire_states
    else
      [ -n "$word" ] || alarm "The state of $STACK could not be uploaded: $(tail -n 1 /tmp/error). Nothing was deleted."
      echo "failed: $(tail -n 1 /tmp/error | tr -d '"\\')" | put "$VERDICTS/state-$one"
      return 0
    fi
  done
}

expire_states() {
  ls -1r "$STATES"/*.age | tail -n +$((KEPT_STATES + 1)) | while read -r old; do
    rm -f "$old" "$VERDICTS/state-$(basename "$old" .age)"
  done
  [ -n "$S3_URL" ] || return 0
  objects > "$SCRATCH/states" || return 0
  sed -n "s|^[0-9]* ${S3_PREFIX}state/\([0-9TZ]*\.age\)$|\1|p" "$SCRATCH/states" | sort -r |
    tail -n +$((KEPT_STATES + 1)) > "$SCRATCH/states.old"
  while read -r old; do s3 "${S3_PREFIX}state/$old" --request DELETE < /dev/null > /dev/null; done < "$SCRATCH/states.old"
}
