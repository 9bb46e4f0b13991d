#!/bin/sh
# Makes a Debian 13 with Zabbix 7.0 in a folder, by mmdebstrap: sh test/soak/zabbix7/root.sh FOLDER. About 1.1 GB, and two minutes.
set -eu

folder=$1
[ ! -x "$folder/usr/sbin/zabbix_server" ] || exit 0
if [ -e "$folder" ]; then
  printf 'soak: %s holds no Zabbix: take it away, or name another with --root\n' "$folder" >&2
  exit 1
fi
exec mmdebstrap --quiet --variant=minbase \
  --include=zabbix-server-pgsql,zabbix-frontend-php,zabbix-agent2,php-cli,php-pgsql,postgresql-17 trixie "$folder"
