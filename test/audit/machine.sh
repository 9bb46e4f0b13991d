# A machine that has just booted, as far as palisade can tell: namespaces of its own for network, processes and mounts, and this
# shell, run under the name systemd, as process 1. It has one link, a default route each way, and the lab's server listening on 22,
# 80 and 3306/tcp and 53/udp of both families. Then SCRIPT is typed, and palisade audits what stands.
#   systemd machine.sh NODE SCRIPT OUTPUT
set -eu
node=$1 script=$2 output=$3
cd "$(dirname "$0")/../.."
ip link set lo up
ip link add eth0 type veth peer name outside
ip address add 198.51.100.10/24 dev eth0
ip -6 address add 2001:db8::10/64 dev eth0 nodad
ip link set eth0 up
ip link set outside up
ip route add default via 198.51.100.1 dev eth0
ip -6 route add default via 2001:db8::1 dev eth0
# It ends when its standard input does.
sleep 120 | "$node" src/verbs/lab/actor.ts server >"$output.ready" &
turns=0
until grep -qs ready "$output.ready"; do
  turns=$((turns + 1))
  [ "$turns" -lt 100 ]
  sleep 0.1
done
sudo() { "$@"; }
# shellcheck disable=SC1090 # the guide under test
. "$script"
# 1: it found something.
"$node" src/daemon/main.ts audit --json --prove >"$output" || [ $? = 1 ]
