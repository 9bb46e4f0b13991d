#!/bin/sh
# Captures what another program makes of the firewall: for each origin named, runs ORIGIN/setup.sh inside a throw-away
# copy of a Debian root and fresh namespaces, once with each backend, and saves the rules with that backend's save tools.
#
#   capture.sh ROOT ORIGIN…     (as root; ROOT is an unpacked Debian root with the programs installed, see README.md)
#
# The root is only read: an overlay in a private mount namespace takes all writes. The host's own firewall cannot be
# reached: everything runs behind `unshare -n`. LOGS (default /tmp) gets what the programs said.
set -u
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
logs=${LOGS:-/tmp}

if [ "${1:-}" = --inside ]; then
  root=$2 origin=$3 backend=$4
  # Only with a /proc of the new pid namespace do process ids name namespaces of ours, never the host's.
  [ $$ = 1 ] && [ "$(readlink /proc/1/ns/net)" = "$(readlink /proc/self/ns/net)" ] || exit 1
  layers=/mnt
  mount -t tmpfs -o size=2g tmpfs $layers
  mkdir $layers/up $layers/work $layers/root
  mount -t overlay overlay -o "lowerdir=$root,upperdir=$layers/up,workdir=$layers/work" $layers/root
  box=$layers/root
  mount -t tmpfs tmpfs $box/var/lib && cp -a "$root/var/lib/." $box/var/lib/ # an overlay is no place for other overlays
  mount -t proc proc $box/proc
  mount -t sysfs sysfs $box/sys
  mount -t cgroup2 cgroup2 $box/sys/fs/cgroup 2>/dev/null
  mount --rbind /dev $box/dev
  mount -t tmpfs tmpfs $box/run
  mkdir -p $box/run/lock
  hostname router
  # A neighbour behind each of two links, so that there is something to speak of and with.
  unshare -n sleep 600 &
  peer=$!
  until nsenter -t $peer -n ip link show lo >/dev/null 2>&1 && [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
  ip link set lo up
  nsenter -t $peer -n ip link set lo up
  n=0
  for net in 198.51.100 192.168.1; do
    ip link add eth$n type veth peer name peer$n
    ip link set peer$n netns $peer
    ip addr add $net.2/24 dev eth$n
    ip addr add 2001:db8:$n::2/64 dev eth$n nodad
    ip link set eth$n up
    nsenter -t $peer -n sh -c "ip addr add $net.1/24 dev peer$n; ip addr add 2001:db8:$n::1/64 dev peer$n nodad; ip link set peer$n up"
    n=$((n + 1))
  done
  ip route add default via 198.51.100.1
  ip -6 route add default via 2001:db8:0::1
  printf 'router\n' >$box/etc/hostname
  printf '127.0.0.1 localhost\n::1 localhost\n192.168.1.2 router\n' >$box/etc/hosts
  for tool in iptables ip6tables; do chroot $box update-alternatives --set $tool /usr/sbin/$tool-$backend >/dev/null; done
  cp "$here/$origin/setup.sh" $box/setup.sh
  timeout 120 chroot $box env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 BACKEND="$backend" sh -x /setup.sh </dev/null
  echo "setup.sh ended with $?"
  # Some packets, so that counters count.
  nsenter -t $peer -n chroot $box bash -c '
    for to in 198.51.100.2 192.168.1.2 2001:db8:0::2; do ping -q -c 3 -i 0.2 -W 1 $to; done >/dev/null
    for port in 22 23 80 443; do timeout 0.3 bash -c "</dev/tcp/198.51.100.2/$port"; done 2>/dev/null'
  for to in 198.51.100.1 127.0.0.1; do chroot $box ping -q -c 2 -i 0.2 -W 1 $to >/dev/null; done
  for family in 4 6; do
    tool=iptables
    [ $family = 6 ] && tool=ip6tables
    for counters in '' -c; do
      file="$here/$origin/$backend-v$family$counters.save"
      rm -f "$file"
      # Without counters under the name an administrator types, with them under the backend's own: both occur in the wild.
      name=$tool-save
      [ -n "$counters" ] && name=$tool-$backend-save
      chroot $box $name $counters >"$file"
      [ -s "$file" ] || rm -f "$file"
    done
  done
  chroot $box ipset save >$layers/sets && [ -s $layers/sets ] && cp $layers/sets "$here/$origin/sets.save"
  exit 0
fi

root=$1
shift
for origin; do
  rm -f "$here/$origin/sets.save"
  for backend in nft legacy; do
    timeout -k 5 200 unshare -n -m -p -u -i -C --fork --kill-child --mount-proc sh "$0" --inside "$root" "$origin" $backend >"$logs/$origin-$backend.log" 2>&1
    echo "$origin $backend: $(cd "$here/$origin" && wc -l $backend-*.save 2>/dev/null | tr -s '\n ' ' ')"
  done
done
