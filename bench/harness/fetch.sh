#!/bin/sh
# Fetches programs that palisade is measured beside, and what they need beside what every Debian has, as Debian packages them, and unpacks them into
# a folder: sh bench/harness/fetch.sh FOLDER PACKAGE… Nothing is installed: no script of a package runs, no service starts, and no file outside
# the folder is written.
set -eu

folder=$1
shift
[ ! -f "$folder/complete" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder/packages" "$folder/root/usr"
cd "$folder/packages"
for package in "$@"; do
  apt-get download -qq "$package" 2>/dev/null || printf 'bench: %s cannot be fetched\n' "$package" >&2
done
for package in *.deb; do [ ! -f "$package" ] || dpkg -x "$package" "$folder/root"; done
# On a machine whose /lib is a link to /usr/lib, a folder would hide it.
for name in lib bin sbin; do
  [ -d "$folder/root/$name" ] || continue
  mkdir -p "$folder/root/usr/$name"
  cp -a "$folder/root/$name/." "$folder/root/usr/$name/"
  rm -rf "${folder:?}/root/$name"
done
rm -rf "$folder/packages"
touch "$folder/complete"
