# libvirtd's default network, and a routed and an isolated one, both families.
mkdir -p /run/dbus && dbus-daemon --system --fork
virtlogd -d
libvirtd -d
n=0; until virsh -c qemu:///system list >/dev/null 2>&1 || virsh -c network:///system net-list >/dev/null 2>&1 || [ $n = 50 ]; do sleep 0.3; n=$((n + 1)); done
virsh -c network:///system net-start default
cat >/tmp/routed.xml <<'X'
<network><name>routed</name><forward mode="route" dev="eth0"/><bridge name="virbr1"/><ip address="10.20.0.1" netmask="255.255.255.0"/><ip family="ipv6" address="fd00:20::1" prefix="64"/></network>
X
cat >/tmp/nat.xml <<'X'
<network><name>nat</name><forward mode="nat"><nat ipv6="yes"><address start="198.51.100.2" end="198.51.100.9"/><port start="1024" end="65535"/></nat></forward><bridge name="virbr2"/><ip address="10.21.0.1" netmask="255.255.255.0"/><ip family="ipv6" address="fd00:21::1" prefix="64"/></network>
X
cat >/tmp/isolated.xml <<'X'
<network><name>isolated</name><bridge name="virbr3"/><ip address="10.22.0.1" netmask="255.255.255.0"><tftp root="/tmp"/></ip></network>
X
for net in routed nat isolated; do virsh -c network:///system net-create /tmp/$net.xml; done
