#!/bin/sh
# Makes the database on first start, then becomes the server. Understands what this project uses of the official
# image: PGDATA, POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD(_FILE), POSTGRES_INITDB_ARGS, /docker-entrypoint-initdb.d.
#
# A first start can be killed at any point. The database is therefore made in a folder of its own and moved into place
# when complete, PG_VERSION last: a PG_VERSION in PGDATA means a whole database.
set -eu

case "${1:-postgres}" in
  -*) set -- postgres "$@" ;;
esac
[ "${1:-postgres}" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" && chown -R postgres:postgres "$PGDATA" && chown postgres:postgres /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi

fail() {
  echo "postgres: $1" >&2
  exit 1
}

new=$PGDATA/.initializing

initialize() {
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    [ -z "${POSTGRES_PASSWORD:-}" ] || fail "both POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are set; needs one"
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE") || fail "POSTGRES_PASSWORD_FILE ($POSTGRES_PASSWORD_FILE) cannot be read"
  fi
  [ -n "${POSTGRES_PASSWORD:-}" ] || fail "neither POSTGRES_PASSWORD nor POSTGRES_PASSWORD_FILE holds a password; needs one"

  echo "postgres: making the database in $PGDATA"
  rm -rf "$new"
  mkdir -m 700 "$new"
  # The password goes in by file: arguments can be read by every process of the machine.
  secret=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" > "$secret"
  # POSTGRES_INITDB_ARGS is several arguments in one string.
  # shellcheck disable=SC2086
  initdb --pgdata="$new" --username="$user" --pwfile="$secret" --encoding=UTF8 \
    --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  rm -f "$secret"
  echo 'host all all all scram-sha-256' >> "$new/pg_hba.conf"
  {
    echo "listen_addresses = '*'"
    echo "unix_socket_directories = '/var/run/postgresql'"
  } >> "$new/postgresql.conf"

  # Nobody but this script reaches the server while it is being set up.
  pg_ctl --pgdata="$new" --wait --options="-c listen_addresses=''" start
  export PGUSER="$user"
  if [ "$database" != postgres ]; then
    echo 'CREATE DATABASE :"name";' | psql -v ON_ERROR_STOP=1 -v name="$database" --no-psqlrc --dbname=postgres
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) sh "$file" ;;
      *.sql) psql -v ON_ERROR_STOP=1 --no-psqlrc --dbname="$database" --file="$file" ;;
    esac
  done
  unset PGUSER
  pg_ctl --pgdata="$new" --wait --mode=fast stop
  touch "$new/.complete"
}

# May be entered again after a kill: what was moved already is no longer there to move.
move_into_place() {
  for entry in "$new"/*; do
    if [ -e "$entry" ] && [ "$entry" != "$new/PG_VERSION" ]; then mv "$entry" "$PGDATA/"; fi
  done
  chmod 700 "$PGDATA" 2> /dev/null || true
  sync
  if [ -e "$new/PG_VERSION" ]; then mv "$new/PG_VERSION" "$PGDATA/"; fi
  rm -rf "$new"
}

mkdir -p "$PGDATA"
if [ -s "$PGDATA/PG_VERSION" ]; then
  [ "$(cat "$PGDATA/PG_VERSION")" = 16 ] ||
    fail "PGDATA ($PGDATA) holds a database of PostgreSQL $(cat "$PGDATA/PG_VERSION"); needs 16"
  rm -rf "$new"
elif [ -e "$new/.complete" ]; then
  move_into_place
else
  # A .initializing that is not complete is ours to throw away; anything else may be somebody's data.
  found=$(ls -A "$PGDATA" | grep -v -x -e .initializing -e lost+found || true)
  [ -z "$found" ] || fail "PGDATA ($PGDATA) is not empty and holds no complete database (no PG_VERSION): not started"
  initialize
  move_into_place
fi

unset POSTGRES_PASSWORD
exec "$@"
