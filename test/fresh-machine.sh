#!/bin/sh
# Tries the README's two commands on a machine that was made a minute ago: Debian 12 with git and Debian's own Node 18 and npm.
#
#   sudo sh test/fresh-machine.sh [FOLDER]     FOLDER keeps the machine's root between runs (default: made and removed)
#
# Needs mmdebstrap and the network. The machine is a root of its own with its own mounts; `npm start` there reads this
# host's rules (and changes nothing), everything that writes rules happens in a network namespace. Ends with
# "N passed, N failed".
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo 'fresh-machine: run it as root' >&2; exit 2; }
if [ $# -gt 0 ]; then root=$1; else
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
fi

[ -x "$root/usr/bin/npm" ] || mmdebstrap --quiet --variant=minbase --include=nodejs,npm,git,ca-certificates bookworm "$root"
cp /etc/resolv.conf "$root/etc/resolv.conf"
# What this machine needs to reach its package registries, it needs inside too.
authorities=/etc/ssl/certs/ca-certificates.crt
[ ! -f "$authorities" ] || cp "$authorities" "$root$authorities"
rm -rf "$root/srv/palisade" "$root/srv/plain"
git clone --quiet "$here" "$root/srv/palisade"
git clone --quiet "$here" "$root/srv/plain"
chown -R 65534:65534 "$root/srv/plain"

cat > "$root/srv/inside.sh" <<'INSIDE'
set -u
cd /
mkdir -p /oldroot
passed=0 failed=0
check() { # what, pattern, text
  if printf '%s\n' "$3" | grep -Eq -- "$2"; then passed=$((passed + 1)); echo "ok    $1"
  else failed=$((failed + 1)); echo "FAIL  $1: no /$2/ in:"; printf '%s\n' "$3" | head -n 30 | sed 's/^/      /'; fi
}
no() { # what, pattern, text
  if printf '%s\n' "$3" | grep -Eiq -- "$2"; then failed=$((failed + 1)); echo "FAIL  $1: /$2/ in:"; printf '%s\n' "$3" | head -n 30 | sed 's/^/      /'
  else passed=$((passed + 1)); echo "ok    $1"; fi
}
plain() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp/plain-home "$@"; }
mkdir -p /tmp/plain-home && chown 65534:65534 /tmp/plain-home

cd /srv/palisade
first=$(timeout 600 npm start -- --once 2>&1)
check 'npm start installs what is missing and names it first' 'installing with apt-get: .*iptables' "$first"
check 'npm start as root ends with the findings of this host' '(NOT protected|protected|UNKNOWN)' "$first"
no 'npm start prints no warning' 'npm (warn|notice)|EBADENGINE|deprecat' "$first"
second=$(timeout 60 npm start -- --once 2>&1)
no 'the second start installs nothing' 'fetching|installing' "$second"
check 'the second start shows the same' 'Nothing was changed' "$second"

cat > /tmp/guide.sh <<'GUIDE'
ip link set lo up
ip link add eth0 type veth peer name far && ip link set eth0 up && ip link set far up
iptables -P INPUT DROP
iptables -P FORWARD DROP
iptables -P OUTPUT ACCEPT
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -p tcp --dport 80 -j ACCEPT
iptables -A INPUT -p tcp --dport 443 -j ACCEPT
iptables -A INPUT -m limit --limit 5/min -j LOG --log-prefix "IPTables-Dropped: "
iptables -A INPUT -p tcp --dport 22 -m state --state NEW -m recent --set
iptables -A INPUT -p tcp --dport 22 -m state --state NEW -m recent --update --seconds 60 --hitcount 4 -j DROP
iptables -A INPUT -p tcp -s 192.168.1.50 --dport 22 -j ACCEPT
iptables -A INPUT -p tcp --dport 22 -j DROP
/srv/palisade/bin/palisade audit
GUIDE
guide=$(unshare -n sh /tmp/guide.sh 2>&1)
for id in FW-BASE-03 FW-BASE-04 FW-BASE-05 FW-V6-01; do check "audit behind the guide names $id" "$id" "$guide"; done
no 'audit behind the guide does not doubt its INPUT policy' 'FW-BASE-01' "$guide"

cd /srv/plain
plainstart=$(plain timeout 600 npm start -- --once --no-web 2>&1)
check 'npm start as a plain user says what it cannot see' 'cannot be seen' "$plainstart"
check 'npm start as a plain user shows the namespace network' 'lab: NOT protected' "$plainstart"
no 'npm start as a plain user prints no warning' 'npm (warn|notice)|EBADENGINE' "$plainstart"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
INSIDE

# pivot_root instead of chroot: the kernel refuses user namespaces to a process in a chroot.
# shellcheck disable=SC2016 # expanded by the inner shell
unshare --mount --propagation private sh -euc '
  mount --bind "$1" "$1"
  cd "$1"
  mkdir -p proc sys dev oldroot
  mount --rbind /dev dev
  mount --rbind /sys sys
  mount -t proc proc proc
  pivot_root . oldroot
  cd /
  umount -l /oldroot
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    ${SSL_CERT_FILE:+NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt} sh /srv/inside.sh
' sh "$root"
