#!/bin/sh
# Keeps the certificate that nginx serves (POSIX sh: busybox and dash).
#
# DOMAIN, ISSUER (self-signed or letsencrypt), EMAIL and SERVER for the latter
# /etc/letsencrypt/serving/<domain>/{fullchain,privkey}.pem is what nginx reads.
set -u

serving="/etc/letsencrypt/serving/$DOMAIN"
trap 'exit 0' TERM INT
pause() { sleep "$1" & wait $!; }
say() { echo "certificates: $*"; }

# Key first: nginx is told of a change by the chain, and must then find the key that belongs to it.
serve() { # <fullchain> <privkey>
  mkdir -p "$serving"
  cp "$2" "$serving/privkey.new" && chmod 600 "$serving/privkey.new"
  cp "$1" "$serving/fullchain.new"
  mv "$serving/privkey.new" "$serving/privkey.pem"
  mv "$serving/fullchain.new" "$serving/fullchain.pem"
}

self_sign() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
    -subj "/CN=$DOMAIN" -addext "subjectAltName=DNS:$DOMAIN" \
    -keyout /tmp/privkey.pem -out /tmp/fullchain.pem 2>/tmp/error || { cat /tmp/error >&2; return 1; }
  serve /tmp/fullchain.pem /tmp/privkey.pem
  rm -f /tmp/privkey.pem /tmp/fullchain.pem
  say "signed a certificate of our own for $DOMAIN"
}

request() {
  certbot certonly --non-interactive --agree-tos --email "$EMAIL" --server "$SERVER" \
    --webroot --webroot-path /var/www/certbot --domain "$DOMAIN" --keep-until-expiring || return 1
  live="/etc/letsencrypt/live/$DOMAIN"
  cmp -s "$live/fullchain.pem" "$serving/fullchain.pem" || {
    serve "$live/fullchain.pem" "$live/privkey.pem"
    say "nginx now gets the certificate of $SERVER for $DOMAIN"
  }
}

# nginx needs some certificate before it can answer the issuer's challenge.
[ -s "$serving/fullchain.pem" ] || self_sign

if [ "$ISSUER" = self-signed ]; then
  while :; do
    openssl x509 -checkend 2592000 -noout -in "$serving/fullchain.pem" >/dev/null || self_sign
    pause 43200
  done
fi

# Let's Encrypt allows five failures an hour for a name: the pauses grow from one minute to one hour.
delay=60
pause 10
while :; do
  if request; then
    delay=60
    pause 43200
  else
    say "the request failed; the certificate in use stays, next try in $delay s"
    pause "$delay"
    delay=$((delay * 2 < 3600 ? delay * 2 : 3600))
  fi
done
