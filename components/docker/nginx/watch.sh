#!/bin/sh
# Runs nginx, and follows the configuration that the switch has chosen (POSIX sh: busybox and dash).
#
# /conf/current                                    id of the release to serve, written by switch.sh
# /conf/releases/<id>/{nginx.conf,upstreams}       written by switch.sh
# /conf/rejected/<id>                              written here while `nginx -t` refuses a configuration, its
#                                                  certificate included
# /conf/draining                                   made by switch.sh, and removed here once the release before has no
#                                                  request of nginx's any more
#
# Names are resolved here and written as addresses: nginx starts whatever is missing, and a container that was restarted
# with another address is found again within two seconds.
set -u

RUN=/run/tristack
mkdir -p "$RUN" "$RUN/serving" /conf/releases /conf/rejected

# Addresses of one service in one release, a line each: "<ip>:<port>".
addresses() { # <release folder> <service>
  while read -r service host port _; do
    [ "$service" = "$2" ] || continue
    ip=$(getent ahostsv4 "$host" | head -n 1 | cut -d ' ' -f 1)
    [ -z "$ip" ] || echo "$ip:$port"
  done < "$1/upstreams"
}

# Addresses of the newest other release whose containers still run. They serve as backups: an update that was killed
# after deleting the wrong containers cannot take the site down.
older_addresses() { # <release folder> <service>
  for other in $(ls -1dt /conf/releases/*/ 2>/dev/null); do
    other=${other%/}
    [ "$other" != "$1" ] && [ -f "$other/upstreams" ] || continue
    found=$(addresses "$other" "$2")
    [ -z "$found" ] || { echo "$found"; return; }
  done
}

upstreams() { # <release folder>
  for service in $(cut -d ' ' -f 1 "$1/upstreams" | sort -u); do
    live=$(addresses "$1" "$service")
    old=$(older_addresses "$1" "$service")
    role=" backup"
    [ -n "$live" ] || role=""
    # What old workers hand over (configuration.ts) must not come back to them: `_direct` is where it leads to.
    echo "upstream ${service}_handover { server 127.0.0.1:8002; }"
    for name in "$service" "${service}_direct"; do
      echo "upstream $name {"
      echo "  zone $name 64k;"
      for address in $live; do echo "  server $address max_fails=2 fail_timeout=2s;"; done
      for address in $old; do echo "  server $address$role;"; done
      [ -n "$live$old" ] || echo "  server 127.0.0.1:9 down;"
      [ "$name" != "$service" ] || echo "  server 127.0.0.1:8002 backup;"
      echo "}"
    done
  done
}

# The servers that `servers` has as backups alone, as the kernel lists addresses: hexadecimal, the last number first.
backups() {
  echo "$servers" | awk '
    $1 == "server" && $2 !~ /^127\./ { if ($3 == "backup;") old[$2]; else live[$2] }
    END {
      for (server in old) if (!(server in live)) {
        split(server, part, /[.:]/)
        printf "%02X%02X%02X%02X:%04X ", part[4], part[3], part[2], part[1], part[5]
      }
    }'
}

# Whether nginx waits for an answer of the release before: it keeps no connection for longer than one request (01: open).
has_requests() {
  awk -v retired="$retired" '$4 == "01" && index(retired, $3) { found = 1 } END { exit !found }' /proc/net/tcp
}

# Before the first release: nginx answers, and says that there is nothing yet.
nothing_yet() {
  cat <<CONF
user nginx;
pid $RUN/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server { listen 8080 default_server; return 503; }
  server { listen 8081; location = /__release { return 200 "none\n"; } }
}
CONF
}

# Keys as well, and nginx.conf, though a release is never edited: when one that was refused is mended, that is seen.
files() { # <release folder>
  cat "$1/nginx.conf" /etc/nginx/ssl/serving/*/fullchain.pem /etc/nginx/ssl/serving/*/privkey.pem 2>/dev/null | cksum
}
# Sets `servers` to what nginx sends requests to, and `state` to what needs a reload when it changes.
look() { # <release folder or nothing>
  servers=""
  state=""
  [ -n "$1" ] || return 0
  servers=$(upstreams "$1")
  state="$1 $(files "$1") $servers"
}

# Sets `release` to the folder of the release to serve, or to nothing. Runs five times a second, so it starts no process.
read_current() {
  release=""
  if read -r id < /conf/current; then release="/conf/releases/$id"; fi
} 2>/dev/null

# Writes the candidate for one release, with the `servers` that were seen, and tests it.
prepare() { # <release folder or nothing> <folder to write>
  mkdir -p "$2"
  if [ -n "$1" ]; then
    {
      echo "map \"\" \$serving_marker { default $RUN/serving/$generation; }"
      echo "$servers"
    } > "$2/upstreams.conf"
    cp "$1/nginx.conf" "$2/nginx.conf"
  else
    nothing_yet > "$2/nginx.conf"
  fi
  nginx -t -q -c "$2/nginx.conf" 2> "$RUN/error"
}

# A new domain's certificate is made while its release is already being switched to: that is no fault of the release.
has_certificates() { # <release folder or nothing>
  [ -n "$1" ] || return 0
  for file in $(sed -n 's/^ *ssl_certificate[a-z_]* \(.*\);$/\1/p' "$1/nginx.conf"); do
    [ -s "$file" ] || return 1
  done
}

generation=0
follow() { # <release folder or nothing>: fails when nginx refuses it
  generation=$((generation + 1))
  if ! prepare "$1" "$RUN/$generation"; then
    rm -rf "${RUN:?}/$generation"
    return 1
  fi
  touch "$RUN/serving/$generation"
  ln -sfn "$RUN/$generation" "$RUN/live.new"
  mv -T "$RUN/live.new" "$RUN/live"
  rm -rf "${RUN:?}/$((generation - 2))"
}

read_current
serving=$release
look "$release"
seen=$state
if ! has_certificates "$release" || ! follow "$release"; then
  seen=""
  follow "" || cat "$RUN/error" >&2
fi
nginx -c "$RUN/live/nginx.conf" -g "daemon off;" &
nginx=$!
trap 'kill -QUIT $nginx; wait $nginx; exit 0' TERM QUIT INT

refused=""
retired=""
tick=0
while kill -0 "$nginx" 2>/dev/null; do
  tick=$((tick + 1))
  read_current
  # Names and certificate cost more to look at than the release: every two seconds.
  if [ "$release" != "$serving" ] || [ $((tick % 10)) -eq 0 ]; then
    look "$release"
    if [ "$state" = "$seen" ]; then
      # As it was before something in it was broken.
      [ -z "$refused" ] || rm -f "/conf/rejected/${release##*/}"
      refused=""
    elif [ "$state" != "$refused" ] && has_certificates "$release"; then
      if follow "$release"; then
        [ "$release" = "$serving" ] || retired=$(backups)
        kill -HUP "$nginx"
        # From here on the old workers hand over what still comes to them.
        find "$RUN/serving" -type f ! -name "$generation" -exec rm -f {} +
        serving=$release
        seen=$state
        refused=""
        rm -f "/conf/rejected/${release##*/}"
        echo "proxy: reloaded, release ${release##*/}"
      else
        cp "$RUN/error" "/conf/rejected/${release##*/}"
        refused=$state
        echo "proxy: refused release ${release##*/}: $(cat "$RUN/error")" >&2
      fi
    fi
  fi
  [ ! -e /conf/draining ] || has_requests || rm -f /conf/draining
  sleep 0.2 &
  wait $!
done
exit 1
