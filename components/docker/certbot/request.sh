# Asking an ACME server for a certificate, by certbot.
#
# SERVER, EMAIL   the ACME directory, and where it writes to
# CHALLENGE       http: through nginx; dns: by records that certbot makes at Route 53
# AUTHORITY       CA, as PEM, of an ACME server that is not known to everybody; empty otherwise
# AWS_REGION, AWS_ENDPOINT_URL, /run/secrets/AWS_{ACCESS,SECRET}_KEY for Route 53
WEBROOT=/var/www/certbot

# Another issuer or another name is another certificate to certbot: it would keep one of Let's Encrypt's staging server
# until it ends, and the new name would wait as long.
LINEAGE="$(printf '%.200s' "$DOMAIN")-$(echo "${SERVER-} $NAMES" | cksum | cut -d ' ' -f 1)"
LIVE="$HOME_FOLDER/live/$LINEAGE"

# What certbot and its libraries take from their environment; secrets are in memory only.
prepare() {
  if [ -n "$AUTHORITY" ]; then
    echo "$AUTHORITY" > /tmp/authority.pem
    # AWS is not to be checked against that one.
    AWS_CA_BUNDLE=$(python3 -c "import certifi; print(certifi.where())")
    REQUESTS_CA_BUNDLE=/tmp/authority.pem
    export REQUESTS_CA_BUNDLE AWS_CA_BUNDLE
  fi
  [ "$CHALLENGE" = dns ] || return 0
  (
    umask 077
    printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' \
      "$(cat /run/secrets/AWS_ACCESS_KEY)" "$(cat /run/secrets/AWS_SECRET_KEY)" > /tmp/aws
  )
  export AWS_SHARED_CREDENTIALS_FILE=/tmp/aws AWS_EC2_METADATA_DISABLED=true
}

# Whether nginx hands out what certbot will put into the webroot. The issuer counts requests that fail, so none is sent
# while the first release is still on its way.
answering() {
  [ "$CHALLENGE" = http ] || return 0
  folder="$WEBROOT/.well-known/acme-challenge"
  mkdir -p "$folder" && echo "$$" > "$folder/tristack" || return 1
  url=http://proxy:8080/.well-known/acme-challenge/tristack
  python3 -c "import urllib.request as r; print(r.urlopen('$url', timeout=3).read().decode().strip())" 2> /dev/null |
    grep -qx "$$"
}

# certbot's own words on why it failed: what the issuer said, or else its last sentence.
why() {
  details=$(sed -n 's/^ *Detail: *//p' /tmp/certbot.log | sort -u | tr '\n' ' ')
  [ -n "$details" ] || details=$(grep -v -e '^ *$' -e '^Ask for help' -e '^Saving debug log' -e '^Some challenges' \
    -e '^See the logfile' -e '^Exiting' /tmp/certbot.log | tail -n 1)
  [ -n "$details" ] || details="certbot said nothing within 15 minutes"
  printf '%.400s' "$details" | sed "s/^requests\.exceptions\.//; s/[. ]*$//"
}

certificate() { # <--keep-until-expiring or --force-renewal>
  # What a killed run has left half made would be in certbot's way for ever.
  [ -f "$HOME_FOLDER/renewal/$LINEAGE.conf" ] || rm -rf "$LIVE" "$HOME_FOLDER/archive/$LINEAGE"
  for name in $NAMES; do set -- "$@" --domain "$name"; done
  case $CHALLENGE in
    http) set -- "$@" --webroot --webroot-path "$WEBROOT" ;;
    dns) set -- "$@" --dns-route53 ;;
  esac
  timeout 900 certbot certonly --non-interactive --agree-tos --email "$EMAIL" --server "$SERVER" \
    --cert-name "$LINEAGE" "$@" > /tmp/certbot.log 2>&1
  code=$?
  [ "$code" = 0 ] || cat /tmp/certbot.log >&2
  return "$code"
}

# Asks, and lets nginx have what came. What is served stays when nothing came.
request() { # <--keep-until-expiring or --force-renewal>
  if ! certificate "$1"; then
    why > /tmp/reason
    # certbot would not ask the issuer again for hours whether it is due, and then find that it is not.
    [ ! -f "$HOME_FOLDER/renewal/$LINEAGE.conf" ] || sed -i '/^ari_retry_after/d' "$HOME_FOLDER/renewal/$LINEAGE.conf"
  elif cmp -s "$LIVE/fullchain.pem" "$CHAIN" && belongs "$CHAIN" "$KEY"; then
    return 0
  elif serve "$LIVE/fullchain.pem" "$LIVE/privkey.pem"; then
    say "nginx now gets the certificate of $SERVER for $NAMES"
    return 0
  else
    echo "what certbot has put into $LIVE cannot be served" > /tmp/reason
  fi
  return 1
}
