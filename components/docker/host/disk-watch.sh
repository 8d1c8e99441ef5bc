#!/bin/sh
# Every ten minutes: keeps a full disk from stopping the databases on it (POSIX sh; installed by `tristack host prepare`).
#
# From PRUNE_AT percent on it removes the build cache, images without a name, releases older than the last five of their
# stack, and containers of nobody's that ended a day ago. Volumes, and the images of those five, are never touched.
# From ALARM_AT percent on it alarms: one sentence in the outbox of each stack that has one, and in the system's log.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PRUNE_AT=${PRUNE_AT:-85}
ALARM_AT=${ALARM_AT:-90}
STATE=${STATE:-/var/lib/tristack/disk}
DAY=86400

say() {
  echo "$*"
  logger --tag tristack-disk --priority "daemon.${PRIORITY:-notice}" -- "$*" 2> /dev/null || true
}

# Percent in use, of room or of files, whichever is more. The disk is the one that Docker's data lie on.
used() {
  { df -P "$ROOT"; df -P -i "$ROOT"; } | awk '$5 ~ /%$/ { sub("%", "", $5); if ($5 + 0 > most) most = $5 + 0 } END { print most + 0 }'
}

# What the ledgers say, one image a line: "kept <image>" of the last five good releases, "old <image>" of all others.
# The same rule as in cli/ledger.ts.
ledgers() {
  docker volume ls --quiet --filter label=dev.tristack.resource=records | while read -r volume; do
    docker volume inspect --format '{{.Mountpoint}}/releases.json' "$volume"
  done | python3 -c '
import json, sys

KEPT = 5
for path in sys.stdin.read().splitlines():
    try:
        with open(path) as file:
            ledger = json.load(file)
    except FileNotFoundError:
        continue
    good = []
    for entry in reversed([one for one in ledger if one["passed"]]):
        if all(entry["id"] != one["id"] for one in good):
            good.append(entry)
    kept = {image for entry in good[:KEPT] for image in entry["images"].values()}
    for image in sorted({image for entry in ledger for image in entry["images"].values()}):
        print("kept" if image in kept else "old", image)
'
}

ids_of() { # images on stdin
  while read -r image; do docker image inspect --format '{{.Id}}' "$image" 2> /dev/null; done | sort -u
}

remove_images() { # <file of the ledgers' lines>
  sed -n 's/^kept //p' "$1" | ids_of > "$1.kept"
  # Docker itself refuses those that a container uses. One that was pulled by its digest has no name for Docker, so its
  # own prune would take the releases that a rollback needs.
  { sed -n 's/^old //p' "$1"; docker image ls --quiet --no-trunc --filter dangling=true; } | sort -u | while read -r image; do
    id=$(docker image inspect --format '{{.Id}}' "$image" 2> /dev/null) || continue
    if grep -qxF "$id" "$1.kept"; then continue; fi
    if docker image rm "$image" > /dev/null 2>&1; then say "removed the image $image"; fi
  done
}

# Those that ran to their end, were not to be started again, and belong to no stack of anybody's.
remove_leftovers() {
  docker ps --all --quiet --filter status=exited --filter status=dead | while read -r id; do
    docker inspect --format '{{.HostConfig.RestartPolicy.Name}} {{index .Config.Labels "dev.tristack.project"}}{{index .Config.Labels "com.docker.compose.project"}} {{.State.FinishedAt}} {{.Name}}' "$id" 2> /dev/null |
      while read -r restart one two three; do
        # The second word is missing where there is no such label.
        [ -z "$three" ] || continue
        case $restart in no | "") ;; *) continue ;; esac
        [ $(($(date +%s) - $(date -d "$one" +%s))) -gt "$DAY" ] || continue
        if docker rm "$id" > /dev/null 2>&1; then say "removed the container ${two#/}, which ended at $one"; fi
      done
  done
}

prune() {
  # A deploy has pulled what no container uses yet.
  if [ -n "$(docker ps --quiet --filter label=dev.tristack.lock)" ]; then
    say "a deploy is under way: nothing is removed for now"
    return
  fi
  list=$(mktemp)
  if ledgers > "$list"; then
    remove_leftovers
    docker builder prune --force > /dev/null 2>&1 || true
    remove_images "$list"
  else
    PRIORITY=err say "a ledger of releases cannot be read: nothing is removed"
  fi
  rm -f "$list" "$list.kept"
}

# Once a day while it lasts.
alarm() { # <sentence>
  mkdir -p "$(dirname "$STATE")"
  [ -f "$STATE" ] && [ $(($(date +%s) - $(stat -c %Y "$STATE"))) -lt "$DAY" ] && return
  PRIORITY=crit say "$1"
  docker volume ls --quiet --filter label=dev.tristack.resource=alarms | while read -r volume; do
    outbox=$(docker volume inspect --format '{{.Mountpoint}}' "$volume") || continue
    echo "$1" > "$outbox/.disk-$$.new" && mv "$outbox/.disk-$$.new" "$outbox/$(date -u +%s)-disk.txt"
  done
  touch "$STATE"
}

ROOT=${ROOT:-$(docker info --format '{{.DockerRootDir}}')} || exit 1
before=$(used)
[ "$before" -ge "$PRUNE_AT" ] && prune
now=$(used)
if [ "$now" -ge "$ALARM_AT" ]; then
  alarm "Disk of $(hostname): $now % of $ROOT is in use, and nothing is left that could be removed by itself."
else
  rm -f "$STATE"
fi
[ "$before" -lt "$PRUNE_AT" ] || say "$before % was in use, $now % is"
