#!/bin/sh
# Options or a configuration file alone mean redis-server; root steps down to redis, as in the official image.
set -e
case "${1:-redis-server}" in
  -* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ]; then
  # The official image listens on all addresses and is compiled without protected mode. What the caller says comes
  # after and wins, except that a configuration file has to stay first.
  shift
  case "${1:-}" in
    "" | -*) set -- redis-server --protected-mode no "$@" ;;
    *) file=$1 && shift && set -- redis-server "$file" --protected-mode no "$@" ;;
  esac
  umask 0077
  if [ "$(id -u)" = 0 ]; then
    chown -R redis:redis .
    exec setpriv --reuid=redis --regid=redis --clear-groups "$@"
  fi
fi
exec "$@"
