# Making a backup, checking it, and letting old ones go.

# Reads rows the same way wherever they are: what a checksum is taken of must not depend on anybody's settings.
READ_OPTIONS="-c timezone=UTC -c datestyle=ISO,YMD -c intervalstyle=postgres -c extra_float_digits=1 \
-c bytea_output=hex -c search_path=pg_catalog -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"

# One line of JSON for each table: its name, the number of its rows, and the sum of their hashes, in whatever order.
TABLES_QUERY="SELECT format('SELECT json_build_object(''table'', %L, ''rows'', count(*), ''sum'',
    coalesce(sum((''x'' || left(md5(tristack_row::text), 16))::bit(64)::bigint::numeric), 0)::text)
    FROM ONLY %I.%I AS tristack_row', format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname"

ask() { timeout "$TIMEOUT" psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

# The password from its file to one that libpq reads: it is in no variable and no argument list.
login() {
  export PGPASSFILE=/tmp/pgpass PGCONNECT_TIMEOUT=10
  (umask 077 && printf '*:*:*:*:%s\n' "$(sed 's/[\\:]/\\&/g' "$POSTGRES_PASSWORD_FILE")" | put "$PGPASSFILE")
}

# One job at a time: it is released when the process ends, however that is.
lock() { # <seconds to wait>
  exec 9> "$WORK/lock"
  flock -w "$1" 9 2> /dev/null || flock -n 9 || { say "another backup, drill or restore is under way"; return 1; }
}

# The dump and the count of its rows, both of the same moment: pg_dump joins the transaction that counts.
read_database() { # <path without .dump>
  export PART=$1 PGOPTIONS=$READ_OPTIONS
  ask -f - << 'SQL' || return 1
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\! timeout "$TIMEOUT" pg_dump --format=custom --compress=6 --lock-wait-timeout=60s --no-password --snapshot="$SNAPSHOT" --file="$PART.dump" 9>&-; echo $? > "$PART.code"
\getenv part PART
\getenv query TABLES_QUERY
\o :part.tables
:query \gexec
\o
COMMIT;
SQL
  code=$(cat "$1.code")
  [ "$code" = 0 ] || { say "pg_dump ended with exit code $code"; return 1; }
}

# `pg_restore --list` reads the table of contents alone; reading everything finds a dump that was cut short as well.
readable() { # <dump> <file with a line for each table>
  timeout "$TIMEOUT" pg_restore --list "$1" > "$WORK/contents" 2> "$WORK/error" &&
    timeout "$TIMEOUT" pg_restore --file=/dev/null "$1" 2> "$WORK/error" ||
    { say "the dump cannot be read: $(tail -n 1 "$WORK/error")"; return 1; }
  [ "$(grep -c ' TABLE DATA ' "$WORK/contents")" -ge "$(wc -l < "$2")" ] ||
    { say "the dump holds fewer tables than the database"; return 1; }
}

tables_of() { # <name>
  sed -n 's/^    \({"table".*}\),\{0,1\}$/\1/p' "$HOME_FOLDER/$1.json"
}

intact() { # <name>
  [ -f "$HOME_FOLDER/$1.json" ] || { say "there is no backup $1"; return 1; }
  (cd "$HOME_FOLDER" && sha256sum -c "$1.dump.sha256" > /dev/null 2>&1) ||
    { say "$1 is damaged: its checksum is not the one that was recorded"; return 1; }
}

manifest() { # <name> <seconds> <small> <path without .dump>
  cat << JSON
{
  "name": "$1",
  "at": "$(iso_now)",
  "bytes": $(stat -c %s "$4.dump"),
  "seconds": $2,
  "sha256": "$(cut -d ' ' -f 1 "$4.dump.sha256")",
  "database": "$PGDATABASE",
  "server": "$(ask -c 'SHOW server_version' | cut -d ' ' -f 1)",
  "small": $3,
  "tables": [
$(sed 's/^/    /; $!s/$/,/' "$4.tables")
  ]
}
JSON
}

# Size of the last good one: here, or on a host that is new, in S3.
last_bytes() {
  last=$(good_names | head -n 1)
  if [ -n "$last" ]; then field "$last" bytes; else cut -d ' ' -f 1 "$REMOTE_LAST" 2> /dev/null || echo 0; fi
}

# Prints the name; nothing is in place before it was read back and its checksum recorded.
make_dump() { # <any size: yes or no>
  name=$(date -u +%Y%m%dT%H%M%SZ)
  [ ! -e "$HOME_FOLDER/$name.json" ] || { sleep 1; name=$(date -u +%Y%m%dT%H%M%SZ); }
  part="$WORK/$name"
  began=$(date +%s)
  rm -f "$WORK"/*.dump "$WORK"/*.tables "$WORK"/*.code "$WORK"/*.sha256 "$WORK"/*.json
  export TABLES_QUERY TIMEOUT
  read_database "$part" || return 1
  [ -s "$part.dump" ] || { say "the dump is empty"; return 1; }
  readable "$part.dump" "$part.tables" || return 1
  (cd "$WORK" && sha256sum "$name.dump" | put "$name.dump.sha256") || return 1
  small=false
  if [ "$1" = no ]; then
    small=$(awk -v now="$(stat -c %s "$part.dump")" -v then="$(last_bytes)" -v ratio="$SMALLER_THAN" \
      'BEGIN { print (now < then * ratio) ? "true" : "false" }')
  fi
  manifest "$name" $(($(date +%s) - began)) "$small" "$part" > "$part.json" || return 1
  mv "$part.dump" "$part.dump.sha256" "$HOME_FOLDER/" || return 1
  sync -f "$HOME_FOLDER" 2> /dev/null || sync
  mv "$part.json" "$HOME_FOLDER/" || return 1
  echo "$name"
}

# The courier's word on a backup: uploaded, or why not. Without a destination outside it says `ok` at once.
verdict() { # <name>
  waited=0
  until [ -f "$VERDICTS/$1" ]; do
    [ "$waited" -lt "$VERDICT_SECONDS" ] || { echo "failed: the courier has not answered for $waited s"; return; }
    sleep 1
    waited=$((waited + 1))
  done
  cat "$VERDICTS/$1"
}

# Keeps the backups of the last days that have a good one. Called after a success alone.
expire() {
  kept=$(good_names | cut -c 1-8 | uniq | head -n "$RETENTION_DAYS")
  oldest=$(echo "$kept" | tail -n 1)
  names | while read -r one; do
    day=$(echo "$one" | cut -c 1-8)
    [ "$day" -lt "$oldest" ] || continue
    rm -f "$HOME_FOLDER/$one.json"
    rm -f "$HOME_FOLDER/$one.dump" "$HOME_FOLDER/$one.dump.sha256"
    say "$one is older than $RETENTION_DAYS days with a backup: removed"
  done
}

now() { # <seconds to wait for another job> [--any-size]
  lock "$1" || return 1
  any=no
  [ "${2-}" != --any-size ] || any=yes
  login
  name=$(make_dump "$any") || { alarm "Backup of $STACK failed: no dump could be made. Nothing was deleted."; return 1; }
  if [ "$(field "$name" small)" = true ]; then
    alarm "Backup of $STACK is suspiciously small: $name has $(field "$name" bytes) bytes. Nothing was deleted. If that is right: tristack backup now --any-size"
    return 1
  fi
  word=$(verdict "$name")
  [ "$word" = ok ] || { say "$name was made and not uploaded: $word"; return 1; }
  expire
  cat "$HOME_FOLDER/$name.json"
}
