#!/bin/bash
# serve.sh FOLDER DATA: a Docker of its own in this network namespace, with one container that publishes a port, in mount and process
# namespaces that are made for it. It starts once, says "up", and then once more for each line that it reads; at the end of its input it ends.
set -eu
export PATH="$1/root/usr/sbin:$1/root/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" DOCKER_HOST=unix:///run/docker.sock
data=$2
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/docker "$data"
: >"$data/log"

start() {
  dockerd --data-root "$data/data" --exec-root /run/docker --host "$DOCKER_HOST" --pidfile /run/docker.pid --userland-proxy=false \
    >>"$data/log" 2>&1 &
  daemon=$!
  for _ in $(seq 300); do
    if docker version >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  tail -n 5 "$data/log"
  return 1
}

stop() {
  kill "$daemon"
  wait "$daemon" || true
}

# How long the container's rules take to be there again.
published() {
  for _ in $(seq 100); do
    if iptables-save | grep -q 'dport 8080 -j DNAT'; then return 0; fi
    sleep 0.1
  done
  return 1
}

start
tar -ch /usr/bin/sleep "$(ldd /usr/bin/sleep | sed -n 's/.*=> \(\S*\) .*/\1/p')" "$(ldd /usr/bin/sleep | sed -n 's/^\s*\(\/lib\S*\) .*/\1/p')" 2>/dev/null |
  docker import - sleeper >/dev/null
docker network create bridge-of-its-own >/dev/null
docker run -d --name sleeper --restart always --network bridge-of-its-own -p 8080:80 sleeper /usr/bin/sleep 1000 >/dev/null
published
echo up
while read -r _; do
  stop
  start
  published
  echo again
done
docker rm -f sleeper >/dev/null
stop
