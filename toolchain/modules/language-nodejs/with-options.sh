#!/bin/sh
# The options that Pulumi.yaml has for the runtime, as flags: this language host, the last one that there is as a Go module,
# does not hear them otherwise. Pulumi starts it in the project's folder (POSIX sh: busybox and dash).
set -f
option() { # <name>: its value, on a line of its own as ours has it
  sed -n "s/^ *$1: *//p" Pulumi.yaml 2> /dev/null | head -n 1
}
for name in typescript nodeargs; do
  value=$(option "$name")
  [ -z "$value" ] || set -- "-$name=$value" "$@"
done
exec "$0.d/$(basename "$0")" "$@"
