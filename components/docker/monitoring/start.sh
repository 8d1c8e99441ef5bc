#!/bin/sh
# Writes files, then becomes a program (POSIX sh: busybox and dash): <path> <content> … -- <program> <arguments…>
set -eu

while [ "$1" != -- ]; do
  mkdir -p "${1%/*}"
  printf '%s' "$2" > "$1"
  shift 2
done
shift
exec "$@"
