#!/bin/sh
# Copies the static files of one release to where nginx finds them, and removes those of releases that are too old (POSIX
# sh: busybox and dash). Any failure ends with another code than 0, before anything that serves is changed.
#
# SERVICE, URL_PATH (/_next/static), FOLDER (/app/.next/static), RELEASE, KEEP (how many releases)
# /assets/<service>/<url path>/...      the files of all kept releases; their names hold a hash of their contents
# /assets/.releases/<service>/<id>      a list of files for each release
set -eu

root="/assets/$SERVICE"
target="$root$URL_PATH"
lists="/assets/.releases/$SERVICE"
[ -d "$FOLDER" ] || { echo "there is no folder $FOLDER in the image"; exit 1; }
mkdir -p "$target" "$lists"

# Regular files alone: a link could lead anywhere in nginx's container.
cd "$FOLDER"
find . -type f | sort > /tmp/list
[ -s /tmp/list ] || { echo "the folder $FOLDER of the image is empty"; exit 1; }
while read -r file; do
  [ -e "$target/$file" ] && continue
  mkdir -p "$target/$(dirname "$file")"
  # Under a name of its own first: nginx must never find half a file.
  cp "$file" "$target/$file.new"
  chmod 644 "$target/$file.new"
  mv "$target/$file.new" "$target/$file"
done < /tmp/list
cp /tmp/list "$lists/$RELEASE.new"
mv "$lists/$RELEASE.new" "$lists/$RELEASE"

ls -1t "$lists" | tail -n +$((KEEP + 1)) | while read -r old; do rm -f "$lists/$old"; done
cat "$lists"/* | sort -u > /tmp/kept
cd "$target"
find . -type f | sort > /tmp/present
comm -13 /tmp/kept /tmp/present | while read -r file; do rm -f "$file"; done
find . -mindepth 1 -type d -empty -delete
chmod -R a+rX "$root"
echo "assets: $(wc -l < /tmp/list) files of this release, $(wc -l < /tmp/kept) kept"
