# What every part of the backup shares (POSIX sh: busybox and dash). The parts are joined into one script by backup.ts.
#
# /backups/<name>.dump, .dump.sha256, .json   one backup; the .json, its manifest, is renamed into place last
# /backups/.work                              what is not finished; the lock
# /backups/.verdict/<name>                    the courier's word: `ok`, or `failed: <why>`
# /backups/.results/restore.json              outcome of the last drill
# /backups/.state/*.age                       copies of the stack's state, encrypted (states.sh)
# /backups/.remote                            "<bytes> <name>" of the last good one in S3, written by the courier
set -u

HOME_FOLDER=/backups
WORK="$HOME_FOLDER/.work"
VERDICTS="$HOME_FOLDER/.verdict"
RESULTS="$HOME_FOLDER/.results"
STATES="$HOME_FOLDER/.state"
REMOTE_LAST="$HOME_FOLDER/.remote"

# On stderr: stdout is for results.
say() { echo "backup: $*" >&2; }

iso_now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# Puts stdin into a file at one go.
put() { # <file>
  cat > "$1.$$.new" && mv -f "$1.$$.new" "$1"
}

# One field of a manifest: a number, or text without quotes in it.
field() { # <name of the backup> <field>
  sed -n "s/^  \"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$HOME_FOLDER/$1.json" | head -n 1
}

# Names of all backups, newest first.
names() {
  for file in "$HOME_FOLDER"/*.json; do
    [ -f "$file" ] && basename "$file" .json
  done | sort -r
}

# Those that count: not the suspiciously small ones.
good_names() {
  names | while read -r one; do
    [ "$(field "$one" small)" = true ] || echo "$one"
  done
}

age_of() { # <file>
  echo $(($(date +%s) - $(stat -c %Y "$1")))
}

# Whether a schedule is due at a moment. Vixie's rule for days: where both are restricted, either will do.
cron_match() { # <five fields> <minute hour day month weekday>
  echo "$2" | awk -v spec="$1" '
    function hit(field, value, low, high,    n, i, parts, step, from, to, range, ends) {
      n = split(field, parts, ",")
      for (i = 1; i <= n; i++) {
        step = (split(parts[i], range, "/") == 2) ? range[2] + 0 : 1
        if (range[1] == "*") { from = low; to = high }
        else if (split(range[1], ends, "-") == 2) { from = ends[1] + 0; to = ends[2] + 0 }
        else { from = range[1] + 0; to = (parts[i] ~ /\//) ? high : from }
        if (value >= from && value <= to && (value - from) % step == 0) return 1
      }
      return 0
    }
    {
      split(spec, f, " ")
      date = hit(f[3], $3 + 0, 1, 31)
      weekday = hit(f[5], $5 + 0, 0, 7) || ($5 == 0 && hit(f[5], 7, 0, 7))
      day = (f[3] ~ /^\*/ || f[5] ~ /^\*/) ? date && weekday : date || weekday
      exit !(hit(f[1], $1 + 0, 0, 59) && hit(f[2], $2 + 0, 0, 23) && hit(f[4], $4 + 0, 1, 12) && day)
    }'
}
