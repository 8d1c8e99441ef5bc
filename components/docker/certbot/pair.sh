# The certificate that nginx serves, with its key: put in place, looked at, signed by ourselves (POSIX sh: busybox and
# dash). The parts are joined into one script by certificates.ts.
#
# STACK, DOMAIN                         NAMES: all names of the certificate, with blanks between them, DOMAIN among them
#                                       or covered by a wildcard
# /etc/letsencrypt/serving/<domain>     what nginx reads: a link to a folder with fullchain.pem and privkey.pem
# /etc/letsencrypt/pairs/<domain>/      those folders, the last two
# /etc/letsencrypt/tristack/            when each alarm was raised last
# /records/certificate.json             the last attempt, and what is served since
#
# No names of files are expanded: a wildcard certificate's name would be.
set -uf

HOME_FOLDER=/etc/letsencrypt
SERVING="$HOME_FOLDER/serving/$DOMAIN"
PAIRS="$HOME_FOLDER/pairs/$DOMAIN"
MARKS="$HOME_FOLDER/tristack"
CHAIN="$SERVING/fullchain.pem"
KEY="$SERVING/privkey.pem"

# On stderr: stdout is for results.
say() { echo "certificates: $*" >&2; }

x509() { openssl x509 -noout -nameopt RFC2253 "$@" 2> /dev/null; }
serial_of() { x509 -serial -in "$1" | sed 's/^serial=//'; }
# As 2027-02-22T20:19:07Z.
end_of() { x509 -enddate -dateopt iso_8601 -in "$1" | sed 's/^notAfter=//; s/ /T/'; }
start_of() { x509 -startdate -dateopt iso_8601 -in "$1" | sed 's/^notBefore=//; s/ /T/'; }
issuer_of() { x509 -issuer -in "$1" | sed 's/^issuer=//' | tr '"\\' "''"; }
names_of() { x509 -ext subjectAltName -in "$1" | tr -d ' ' | tr ',' '\n' | sed -n 's/^DNS://p' | sort -u; }
epoch() { date -u -d "$(echo "$1" | sed 's/T/ /; s/Z//')" +%s; }

self_issued() { [ "$(issuer_of "$1")" = "$(x509 -subject -in "$1" | sed 's/^subject=//')" ]; }
covers() { [ "$(names_of "$1")" = "$(echo "$NAMES" | tr ' ' '\n' | sort -u)" ]; }
# Whether it ends within so many seconds.
ends_within() { ! x509 -checkend "$2" -in "$1" > /dev/null; }

# Whether all certificates of a chain can be read, and the key belongs to the first.
belongs() { # <fullchain> <privkey>
  openssl crl2pkcs7 -nocrl -certfile "$1" > /dev/null 2>&1 || return 1
  public=$(x509 -pubkey -in "$1") && [ -n "$public" ] &&
    [ "$public" = "$(openssl pkey -pubout -in "$2" 2> /dev/null)" ]
}

# Puts a pair in place at one stroke: nginx never finds a key beside another certificate, whatever is killed.
serve() { # <fullchain> <privkey>
  belongs "$1" "$2" || { say "key and certificate in $1 do not belong together; not served"; return 1; }
  mkdir -p "$HOME_FOLDER/serving" "$PAIRS" || return 1
  folder=$(mktemp -d "$PAIRS/$(date -u +%s).XXXXXX") && chmod 755 "$folder" &&
    cp "$1" "$folder/fullchain.pem" && (umask 077 && cp "$2" "$folder/privkey.pem") || return 1
  chmod 644 "$folder/fullchain.pem" && chmod 600 "$folder/privkey.pem" || return 1
  # A folder, not a link: made by an earlier version of this program.
  [ -L "$SERVING" ] || [ ! -d "$SERVING" ] || mv "$SERVING" "$PAIRS/0" || return 1
  ln -sfn "../pairs/$DOMAIN/${folder##*/}" "$SERVING.new" && mv -T "$SERVING.new" "$SERVING" || return 1
  # nginx may be reading the one before.
  ls -1 "$PAIRS" | sort -rn | tail -n +3 | while read -r old; do
    [ "$old" = "${folder##*/}" ] || rm -rf "${PAIRS:?}/$old"
  done
}

self_sign() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
    -subj "/CN=$(printf '%.64s' "$DOMAIN")" -addext "subjectAltName=$(echo "$NAMES" | sed 's/[^ ][^ ]*/DNS:&/g; s/ /,/g')" \
    -keyout /tmp/privkey.pem -out /tmp/fullchain.pem 2> /tmp/error ||
    { tail -n 1 /tmp/error | tee /tmp/reason >&2; return 1; }
  serve /tmp/fullchain.pem /tmp/privkey.pem
  served=$?
  rm -f /tmp/privkey.pem /tmp/fullchain.pem
  [ "$served" = 0 ] || { echo "it could not be put into place" > /tmp/reason; return 1; }
  say "signed a certificate of our own for $NAMES"
}

# Writes down how the last attempt ended.
record() { # <true or false> [reason]
  reason=null
  [ "$1" = true ] || reason="\"$(echo "$2" | tr '"\\' "'/" | tr '\000-\037' ' ' | sed 's/ *$//')\""
  printf '{"at": "%s", "passed": %s, "reason": %s, "notAfter": "%s", "serial": "%s", "issuer": "%s"}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$reason" "$(end_of "$CHAIN")" "$(serial_of "$CHAIN")" "$(issuer_of "$CHAIN")" \
    > /records/certificate.json.new && mv -f /records/certificate.json.new /records/certificate.json
}

# At once, and again every day while it lasts.
alarm_daily() { # <what about> <sentence>
  mkdir -p "$MARKS"
  told="$MARKS/$1-$DOMAIN"
  [ -f "$told" ] && [ $(($(date +%s) - $(stat -c %Y "$told"))) -lt 86400 ] && return 0
  touch "$told"
  alarm "$2"
}
settled() { # <what about>
  rm -f "$MARKS/$1-$DOMAIN"
}
