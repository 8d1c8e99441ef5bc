# What lies in S3: listing it, and bringing a backup back to a host that has lost its own.
INCOMING="$HOME_FOLDER/.incoming"
# Whoever asks has a folder of its own: the loop that uploads goes on meanwhile.
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

encoded() { sed 's/%/%25/g; s/+/%2B/g; s,/,%2F,g; s/=/%3D/g'; }

# A line for each object under the prefix: "<size> <key>". S3 answers a thousand at a time.
objects() {
  token=""
  while :; do
    s3 "?${token:+continuation-token=$token&}list-type=2&prefix=$(echo "$S3_PREFIX" | encoded)" > "$SCRATCH/page" || return 1
    tr -d '\n' < "$SCRATCH/page" | sed 's/<Contents>/\n/g' | sed -n 's|^.*<Key>\([^<]*\)</Key>.*<Size>\([0-9]*\)</Size>.*|\2 \1|p'
    token=$(sed -n 's|.*<NextContinuationToken>\([^<]*\)</NextContinuationToken>.*|\1|p' "$SCRATCH/page" | encoded)
    [ -n "$token" ] || return 0
  done
}

# Names of the backups there, newest first; the listing itself stays in $SCRATCH/objects.
remote_names() {
  objects > "$SCRATCH/objects.new" || return 1
  mv "$SCRATCH/objects.new" "$SCRATCH/objects"
  sed -n "s|^[0-9]* $S3_PREFIX\([0-9]*T[0-9]*Z\)\.json$|\1|p" "$SCRATCH/objects" | sort -r
}

# Tells the keeper how large the last one is: on a new host, that is what its first dump is measured by.
note_last() {
  last=$(head -n 1 "$1")
  bytes=$(sed -n "s|^\([0-9]*\) $S3_PREFIX$last\.dump$|\1|p" "$SCRATCH/objects")
  echo "${bytes:-0} $last" | put "$REMOTE_LAST"
}

# Manifests of those that are in S3 alone, as a list.
remote() {
  [ -n "$S3_URL" ] || { echo "[]"; return; }
  remote_names > "$SCRATCH/names" || return 1
  separator="["
  while read -r one; do
    [ ! -f "$HOME_FOLDER/$one.json" ] || continue
    printf '%s' "$separator"
    s3 "$S3_PREFIX$one.json" < /dev/null || return 1
    separator=","
  done < "$SCRATCH/names"
  [ "$separator" = "," ] || printf '['
  echo "]"
}

# Brings one here, whole and compared with its checksum; one that is here already is left alone.
fetch_backup() { # <name>
  [ ! -f "$HOME_FOLDER/$1.json" ] || return 0
  mkdir -p "$INCOMING"
  part="$INCOMING/$1"
  s3 "$S3_PREFIX$1.json" --output "$part.json" < /dev/null && s3 "$S3_PREFIX$1.dump" --output "$part.dump" < /dev/null || return 1
  sum=$(sed -n 's/^  "sha256": "\([0-9a-f]*\)",$/\1/p' "$part.json")
  [ -n "$sum" ] && [ "$(sum_of "$part.dump")" = "$sum" ] || { say "$1 in S3 is damaged: its checksum is not the one that was recorded"; return 1; }
  echo "$sum  $1.dump" > "$part.dump.sha256"
  chmod 644 "$part".*
  echo ok | put "$VERDICTS/$1"
  mv "$part.dump" "$part.dump.sha256" "$HOME_FOLDER/" && mv "$part.json" "$HOME_FOLDER/"
}
