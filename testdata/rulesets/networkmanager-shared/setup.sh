# NetworkManager sharing a connection, its iptables backend.
mkdir -p /run/dbus && dbus-daemon --system --fork
printf '[main]\nplugins=keyfile\nfirewall-backend=iptables\n[keyfile]\nunmanaged-devices=interface-name:eth0\n' >/etc/NetworkManager/NetworkManager.conf
rm -f /usr/lib/udev/rules.d/*nm* /etc/network/interfaces; mkdir -p /run/udev /run/NetworkManager
NetworkManager
n=0; until nmcli general >/dev/null 2>&1 || [ $n = 50 ]; do sleep 0.3; n=$((n + 1)); done
nmcli device set eth1 managed yes
nmcli connection add type ethernet ifname eth1 con-name share ipv4.method shared ipv6.method shared ethernet.cloned-mac-address preserve
nmcli connection add type bridge ifname nmbr0 con-name br bridge.stp no ipv4.method shared ipv4.addresses 10.42.7.1/24 ipv6.method disabled
nmcli connection up share
nmcli connection up br
sleep 3
nmcli device
