# Restoring: into a new database beside the one that serves, or into a server that is thrown away (the drill).

newest() { good_names | head -n 1; }

# A name of the database with a suffix, cut so that PostgreSQL (63 letters) does not cut it itself.
beside() { # <suffix>
  printf '%.36s_%s\n' "$PGDATABASE" "$1"
}

fill_and_check() { # <name> <database> <options of pg_restore>
  timeout "$TIMEOUT" pg_restore --exit-on-error --no-password --dbname="$2" $3 "$HOME_FOLDER/$1.dump" 9>&- \
    2> "$WORK/error" || { say "$1 could not be restored: $(tail -n 1 "$WORK/error")"; return 1; }
  export PGOPTIONS=$READ_OPTIONS
  ask -d "$2" -f - << SQL > "$WORK/restored" || return 1
$TABLES_QUERY \\gexec
SQL
  tables_of "$1" > "$WORK/recorded"
  cmp -s "$WORK/recorded" "$WORK/restored" || {
    say "rows restored from $1 are not those that were dumped:"
    diff "$WORK/recorded" "$WORK/restored" | sed -n 's/^\([<>]\) /\1 /p' | head -n 20 >&2
    return 1
  }
}

# Restores beside what serves, and prints the new database's name. What serves is not touched.
prepare() { # [name]
  lock 60 || return 1
  login
  name=${1:-$(newest)}
  [ -n "$name" ] || { say "there is no backup yet"; return 1; }
  intact "$name" || return 1
  target=$(beside "restore_$(date -u +%Y%m%d%H%M%S)")
  began=$(date +%s)
  ask -d postgres -v target="$target" -v owner="$PGUSER" -v source="$PGDATABASE" -f - << 'SQL' || return 1
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L %s', :'target', :'owner',
    pg_encoding_to_char(encoding), datcollate, datctype,
    CASE WHEN datlocprovider = 'i' THEN format('LOCALE_PROVIDER icu ICU_LOCALE %L', daticulocale) ELSE '' END)
  FROM pg_database WHERE datname = :'source' \gexec
SQL
  # At AWS the owner is no superuser, and is warned about every system table.
  if fill_and_check "$name" "$target" --jobs=2 && ask -d "$target" -c "SET client_min_messages = error" -c ANALYZE; then
    printf '{"backup": "%s", "database": "%s", "tables": %s, "seconds": %s}\n' \
      "$name" "$target" "$(wc -l < "$WORK/recorded")" $(($(date +%s) - began))
  else
    drop_database "$target"
    return 1
  fi
}

drop_database() { # <database>
  ask -d postgres -v target="$1" -f - << 'SQL'
DROP DATABASE IF EXISTS :"target" WITH (FORCE);
SQL
}

# Puts the new database in the place of the one that serves, in one transaction.
swap() { # <new database>
  lock 60 || return 1
  login
  old=$(beside "before_$(date -u +%Y%m%d%H%M%S)")
  try_swap() {
    ask -d postgres -v target="$1" -v current="$PGDATABASE" -v old="$old" -f - << 'SQL'
ALTER DATABASE :"current" ALLOW_CONNECTIONS false;
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
  WHERE datname IN (:'current', :'target') AND pid <> pg_backend_pid() \g /dev/null
BEGIN;
ALTER DATABASE :"current" RENAME TO :"old";
ALTER DATABASE :"target" RENAME TO :"current";
COMMIT;
ALTER DATABASE :"old" ALLOW_CONNECTIONS true;
SQL
  }
  for attempt in 1 2 3; do
    if try_swap "$1"; then
      printf '{"database": "%s", "kept": "%s"}\n' "$PGDATABASE" "$old"
      return 0
    fi
    say "the databases could not be swapped (attempt $attempt of 3)"
    # Nothing was renamed: the old one serves.
    ask -d postgres -v current="$PGDATABASE" -f - << 'SQL'
ALTER DATABASE :"current" ALLOW_CONNECTIONS true;
SQL
    sleep 2
  done
  return 1
}

# Drops a new database that is not to be used after all. Never anything else.
discard() { # <new database>
  login
  case $1 in
    "$(beside restore_)"*) drop_database "$1" ;;
    *) say "$1 is no database made by a restore"; return 1 ;;
  esac
}

# Drops the databases that earlier restores have put aside.
confirm() {
  lock 60 || return 1
  login
  list=$(ask -d postgres -v prefix="$(beside before_)" -f - << 'SQL'
SELECT datname FROM pg_database WHERE starts_with(datname, :'prefix') ORDER BY datname;
SQL
  ) || return 1
  for one in $list; do drop_database "$one" || return 1; done
  printf '{"dropped": [%s]}\n' "$(for one in $list; do printf '"%s"\n' "$one"; done | paste -sd, -)"
}

# Reads one back, whole, and prints its manifest.
verify() { # [name]
  name=${1:-$(newest)}
  [ -n "$name" ] || { say "there is no backup yet"; return 1; }
  intact "$name" || return 1
  lock 60 || return 1
  tables_of "$name" > "$WORK/recorded"
  readable "$HOME_FOLDER/$name.dump" "$WORK/recorded" || return 1
  cat "$HOME_FOLDER/$name.json"
}

# A server of its own, where the image's has its data and here nothing is; it listens on a socket alone and goes afterwards.
try_restore() { # <name>
  folder=/var/lib/postgresql/data/drill
  socket=/tmp/drill
  stop_server() { pg_ctl --pgdata="$folder" --mode=immediate stop > /dev/null 2>&1; rm -rf "$folder" "$socket"; }
  stop_server
  mkdir -p "$socket"
  intact "$1" || return 1
  (
    unset PGPASSFILE
    export PGHOST=$socket PGDATA=$folder
    initdb --username="$PGUSER" --auth=trust --encoding=UTF8 --no-locale --no-sync > /dev/null 2> "$WORK/error" &&
      pg_ctl --wait --timeout=60 --log=/tmp/drill.log start 9>&- > /dev/null \
        -o "-c listen_addresses= -c unix_socket_directories=$socket -c fsync=off -c full_page_writes=off \
            -c shared_buffers=32MB -c max_connections=10 -c max_parallel_maintenance_workers=0" ||
      { say "the server of the drill did not start: $(tail -n 1 "$WORK/error" /tmp/drill.log 2> /dev/null)"; exit 1; }
    ask -d postgres -v target=drill -f - << 'SQL' && fill_and_check "$1" drill "--no-owner --no-privileges"
CREATE DATABASE :"target" TEMPLATE template0;
SQL
  )
  passed=$?
  stop_server
  return $passed
}

drill() { # [name]
  lock "$TIMEOUT" || return 1
  name=${1:-$(newest)}
  began=$(date +%s)
  if [ -z "$name" ]; then
    say "there is no backup yet"
    return 1
  fi
  passed=false
  ! try_restore "$name" || passed=true
  printf '{"at": "%s", "passed": %s}\n' "$(iso_now)" "$passed" | put "$RESULTS/restore.json"
  printf '{"backup": "%s", "passed": %s, "seconds": %s, "tables": %s}\n' \
    "$name" "$passed" $(($(date +%s) - began)) "$(tables_of "$name" | wc -l)"
  [ "$passed" = true ] || { alarm "Restore drill of $STACK failed: $name could not be restored."; return 1; }
}
