# What every step shares (POSIX sh; run by dash as root). The parts are joined into one script by script.ts.
#
# On stdout: "== <step>", "  + <what was changed>", "  note: <what is worth knowing>", and at last "done: <n> changes".
# Exit code: 0; 1 if a step failed, which stderr names; 2 if this machine or what was asked for is not fit: nothing was changed.
#
# DRY_RUN=1 says what would be changed, and changes nothing.
set -eu
umask 022
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CHANGES=0
CHANGED=0
STEP=
LOG=$(mktemp)
# What goes wrong is told where this script's own errors go, wherever those of a command went.
exec 3>&2

step() { # <what>
  STEP=$1
  echo "== $STEP"
}

note() { echo "  note: $*"; }

fail() { # <why>
  echo "error: $STEP: $*" >&3
  STEP=
  exit 1
}

# With `set -e`, any command that fails ends here.
ended() {
  code=$?
  if [ "$code" -ne 0 ] && [ -n "$STEP" ]; then
    echo "error: $STEP: failed" >&3
    tail -n 20 "$LOG" >&3
  fi
  rm -f "$LOG" "$LOG".*
  exit "$code"
}
trap ended EXIT

# Counts a change and makes it. What the command says is shown only if it fails.
change() { # <what> <command…>
  echo "  + $1"
  CHANGES=$((CHANGES + 1))
  CHANGED=1
  shift
  [ "$DRY_RUN" = 1 ] || "$@" > "$LOG" 2>&1 < /dev/null
}

# Puts stdin into a file, whole or not at all, unless it is there already. CHANGED says whether it was not.
put() { # <file> <mode>
  cat > "$LOG.put"
  CHANGED=0
  if ! cmp -s "$LOG.put" "$1" || [ "$(stat -c %a "$1")" != "$2" ]; then change "$1" put_now "$1" "$2"; fi
  rm -f "$LOG.put"
}

put_now() {
  mkdir -p "$(dirname "$1")"
  cp "$LOG.put" "$1.tristack-new"
  chmod "$2" "$1.tristack-new"
  mv "$1.tristack-new" "$1"
}

have() { command -v "$1" > /dev/null 2>&1; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]; }

REFRESHED=0
apt_install() { # <packages…>
  # A package that was being installed when the machine went down keeps all others from it.
  dpkg --configure -a
  if [ "$REFRESHED" = 0 ]; then
    apt-get -o DPkg::Lock::Timeout=600 update
    REFRESHED=1
  fi
  apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold install --yes --no-install-recommends "$@"
}

need() { # <packages…>
  missing=
  for package; do installed "$package" || missing="$missing $package"; done
  # shellcheck disable=SC2086 # words, on purpose
  [ -z "$missing" ] || change "packages:$missing" apt_install $missing
}

with_systemd() { [ -d /run/systemd/system ]; }

# Runs a unit now and after every boot. A unit that this kind of machine skips (a condition of its own) is no failure.
serve() { # <unit>
  with_systemd || {
    note "there is no systemd here: $1 is not started"
    return 0
  }
  systemctl --quiet is-enabled "$1" 2> /dev/null || change "$1 starts at boot" systemctl enable "$1"
  systemctl --quiet is-active "$1" && return 0
  [ "$(systemctl show -p ConditionResult --value "$1" 2> /dev/null)" = no ] && [ -n "$(systemctl show -p ConditionTimestamp --value "$1")" ] && return 0
  change "$1 runs" systemctl start "$1"
}
