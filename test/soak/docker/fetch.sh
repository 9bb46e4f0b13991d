#!/bin/sh
# Fetches Docker, as Debian packages it, and unpacks it into a folder. Nothing is installed: no script of a package runs, no service
# starts, and no file outside the folder is written.
set -eu

folder=$1
[ ! -f "$folder/complete" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder/packages" "$folder/root"
cd "$folder/packages"
for package in docker.io containerd runc; do
  apt-get download -qq "$package" 2>/dev/null || {
    printf 'soak: %s cannot be fetched\n' "$package" >&2
    exit 0
  }
done
for package in *.deb; do dpkg -x "$package" "$folder/root"; done
rm -rf "$folder/packages"
touch "$folder/complete"
