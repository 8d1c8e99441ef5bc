# Keeps the certificate that nginx serves, and does what it is asked to.
#
# ISSUER   self-signed, or letsencrypt: any ACME server

# One attempt at a time, whoever asks; how it ended is written down.
attempt() ( # <--keep-until-expiring or --force-renewal>
  exec 9> /tmp/attempt
  flock 9
  if [ "$ISSUER" = self-signed ]; then self_sign; else request "$1"; fi ||
    { record false "$(cat /tmp/reason)"; return 1; }
  record true
  settled failed
)

# nginx needs some certificate before it can answer the issuer's challenge, and when the files are damaged.
mend() {
  if ! belongs "$CHAIN" "$KEY"; then
    if [ -e "$SERVING" ] || [ -L "$SERVING" ]; then
      alarm "Certificate of $DOMAIN ($STACK): its files were damaged and are put back."
    fi
    serve_again || self_sign
  elif { [ "$ISSUER" = self-signed ] || self_issued "$CHAIN"; } &&
    { ! covers "$CHAIN" || ends_within "$CHAIN" 2592000; }; then
    self_sign && { [ "$ISSUER" != self-signed ] || record true; }
  fi
}

# The issuer's certificate once more.
serve_again() {
  [ "$ISSUER" != self-signed ] && [ -s "$LIVE/fullchain.pem" ] && serve "$LIVE/fullchain.pem" "$LIVE/privkey.pem"
}

# What nginx hands out; nothing while it does not run.
served() {
  timeout 5 openssl s_client -connect proxy:8443 -servername "$DOMAIN" < /dev/null 2> /dev/null | x509 -serial | sed 's/^serial=//'
}

# Looked at every minute.
late=0
watch() {
  mend
  now_served=$(served)
  if [ -z "$now_served" ] || [ "$now_served" = "$(serial_of "$CHAIN")" ]; then
    late=0
    settled unserved
  else
    late=$((late + 1))
    [ "$late" -lt 3 ] ||
      alarm_daily unserved "Certificate of $DOMAIN ($STACK): nginx does not serve the new one; its log says why."
  fi
  self_issued "$CHAIN" || watch_end
}

# certbot renews when a third of the time is left. Certificates that live for days only are measured by that.
watch_end() {
  end=$(epoch "$(end_of "$CHAIN")")
  left=$((end - $(date +%s)))
  life=$((end - $(epoch "$(start_of "$CHAIN")")))
  if [ "$left" -lt 1209600 ] && [ "$left" -lt $((life / 4)) ]; then
    alarm_daily ending "Certificate of $DOMAIN ($STACK) ends in $((left / 86400)) days, at $(end_of "$CHAIN"), and was not renewed."
  else
    settled ending
  fi
}

pause() { # <seconds>
  until=$(($(date +%s) + $1))
  while left=$((until - $(date +%s))) && [ "$left" -gt 0 ]; do
    sleep $((left < 60 ? left : 60)) & wait $!
    watch
  done
}

# Twelve hours, or less for a certificate that lives for days only.
turn() {
  life=$(($(epoch "$(end_of "$CHAIN")") - $(epoch "$(start_of "$CHAIN")")))
  [ $((life / 12)) -lt 43200 ] || { echo 43200; return; }
  echo $((life / 12 > 300 ? life / 12 : 300))
}

# Of the first certificate only when it does not come for an hour: until then somebody is setting things up.
tell_failure() {
  if self_issued "$CHAIN" && [ $(($(date +%s) - $(stat -c %Y /tmp/started))) -lt 3600 ]; then return; fi
  alarm_daily failed "Certificate of $DOMAIN ($STACK) was asked for in vain: $(cat /tmp/reason). The one in use ends at $(end_of "$CHAIN")."
}

serve_forever() {
  trap 'exit 0' TERM INT
  touch /tmp/started
  mend
  if [ "$ISSUER" = self-signed ]; then
    record true
    while :; do pause 3600; done
  fi
  prepare
  until answering; do sleep 2 & wait $!; done
  # Let's Encrypt allows five failures an hour for a name: the pauses grow from one minute to one hour.
  delay=60
  while :; do
    if attempt --keep-until-expiring; then
      delay=60
      pause "$(turn)"
    else
      say "the request failed; the certificate in use stays, next try in $delay s"
      tell_failure
      pause "$delay"
      delay=$((delay * 2 < 3600 ? delay * 2 : 3600))
    fi
  done
}

status() {
  names=$(names_of "$CHAIN" | sed 's/.*/"&"/' | tr '\n' ',')
  printf '{"names": [%s], "issuer": "%s", "notAfter": "%s", "serial": "%s", "served": "%s", "lastAttempt": %s}\n' \
    "${names%,}" "$(issuer_of "$CHAIN")" "$(end_of "$CHAIN")" "$(serial_of "$CHAIN")" "$(served)" \
    "$(cat /records/certificate.json 2> /dev/null || echo null)"
}

renew() {
  if [ "$ISSUER" != self-signed ] && ! answering; then
    say "nginx does not answer the issuer's challenges: it does not run, or serves nothing yet"
    return 1
  fi
  [ "$ISSUER" = self-signed ] || prepare
  if ! attempt --force-renewal 2> /tmp/log; then
    say "$(cat /tmp/reason)"
    return 1
  fi
  status
}

case ${1-} in
  serve) serve_forever ;;
  status | renew) "$1" ;;
  *) say "unknown: ${1-}"; exit 2 ;;
esac
