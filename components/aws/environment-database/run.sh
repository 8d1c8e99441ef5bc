# Runs SQL against the instance that an environment's database is on. In: SQL, NAME, and PGHOST, PGPORT, PGUSER, PGDATABASE,
# PGSSLMODE, which psql knows itself; ADMIN_URL and, for its owner's password, DATABASE_URL are secrets.
set -eu

password_of() { # <URL>: 32 letters and digits between a : and the @
  rest=${1#*://*:}
  printf '%s' "${rest%%@*}"
}

PGPASSWORD=$(password_of "$ADMIN_URL")
password=$(password_of "${DATABASE_URL:-}")
export PGPASSWORD PGCONNECT_TIMEOUT=10 PGOPTIONS="-c client_min_messages=warning"
printf '%s\n' "$SQL" > /tmp/run.sql
# Where there is no terminal, psql asks its input for passwords: no command line has one.
printf '%s\n' "$password" "$password" |
  psql --no-psqlrc --no-password --quiet --set=ON_ERROR_STOP=1 --set=name="$NAME" --file=/tmp/run.sql
