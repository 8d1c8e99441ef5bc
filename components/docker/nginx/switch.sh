#!/bin/sh
# Switches the proxy to one release, or changes nothing and exits 1 (POSIX sh: busybox and dash).
#
# RELEASE_ID            what nginx must answer afterwards
# NGINX_CONFIGURATION   nginx.conf of the release
# UPSTREAMS             a line each: "<service> <host> <port> <health path> <seconds to become healthy>"
set -u

started=$(date +%s)
say() { echo "switch, $(($(date +%s) - started)) s: $*"; }
fail() { say "FAILED: $*"; exit 1; }

# Since when the containers have their time: `tristack deploy` tells when the last of them was started (/tmp/last-start).
since() { cat /tmp/last-start 2>/dev/null || echo "$started"; }

printf '%s' "$UPSTREAMS" > /tmp/upstreams
while read -r service host port path startup; do
  url="http://$host:$port$path"
  until answer=$(curl -fsS -m 2 -o /dev/null "$url" 2>&1); do
    # Written by `tristack deploy` as well, which sees containers crash: nobody has to wait for those.
    [ ! -s /tmp/abandoned ] || fail "$service will not get healthy: $(cat /tmp/abandoned). Traffic was not switched."
    [ $(($(date +%s) - $(since))) -lt "$startup" ] ||
      fail "$service is not healthy after $startup s: $url: $answer. Traffic was not switched."
    sleep 0.3
  done
done < /tmp/upstreams
say "all containers of the release are healthy"

mkdir -p /conf/releases /conf/rejected
folder="/conf/releases/$RELEASE_ID"
before=$(cat /conf/current 2>/dev/null)
rm -rf "$folder.new" "/conf/rejected/$RELEASE_ID"
# One that is there already may be what nginx serves from. Its id stands for its contents, unless a hand has changed them.
if [ -f "$folder/upstreams" ]; then
  printf '%s' "$NGINX_CONFIGURATION" > "$folder/nginx.conf.new"
  cp /tmp/upstreams "$folder/upstreams.new"
  mv "$folder/nginx.conf.new" "$folder/nginx.conf"
  mv "$folder/upstreams.new" "$folder/upstreams"
else
  mkdir "$folder.new"
  printf '%s' "$NGINX_CONFIGURATION" > "$folder.new/nginx.conf"
  cp /tmp/upstreams "$folder.new/upstreams"
  rm -rf "$folder"
  mv "$folder.new" "$folder"
fi
touch "$folder"

point() { echo "$1" > /conf/next && mv -T /conf/next /conf/current; }
point "$RELEASE_ID"

# Four answers in a row: right after a reload, old workers still accept for a moment.
answers=0
waited=0
while [ "$answers" -lt 4 ] && [ "$waited" -lt 150 ] && [ ! -e "/conf/rejected/$RELEASE_ID" ]; do
  if [ "$(curl -fsS -m 2 http://proxy:8081/__release 2>/dev/null)" = "$RELEASE_ID" ]; then
    answers=$((answers + 1))
  else
    answers=0
  fi
  waited=$((waited + 1))
  sleep 0.1
done
if [ "$answers" -lt 4 ]; then
  reason=$(cat "/conf/rejected/$RELEASE_ID" 2>/dev/null || echo "it did not answer within 15 s")
  if [ -n "$before" ]; then point "$before"; else rm -f /conf/current; fi
  fail "nginx did not take the release: $reason. The previous one serves on."
fi

# What a container has not begun to read when it is stopped is lost, and a busy one takes its time. What has waited for longer
# than this is being worked on: it is finished while the container drains.
if [ "$before" != "$RELEASE_ID" ]; then
  touch /conf/draining
  waited=0
  while [ -e /conf/draining ] && [ "$waited" -lt 25 ]; do
    waited=$((waited + 1))
    sleep 0.2
  done
  rm -f /conf/draining
fi

# The last releases stay: their servers are the backups, and a rollback is only a switch.
ls -1dt /conf/releases/*/ | tail -n +11 | xargs -r rm -rf
say "nginx serves $RELEASE_ID"
