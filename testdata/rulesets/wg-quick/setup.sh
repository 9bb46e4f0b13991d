# wg-quick's full tunnel in its iptables mode, with the NAT lines that its guides put into PostUp. The kernel of the
# capture has no WireGuard, so the link is a veth and `wg` a stand-in that says yes; the rules are wg-quick's own.
rm -f /usr/sbin/nft # it prefers nft where it finds it
cat >/usr/bin/wg <<'X'
#!/bin/sh
case "$1 $3" in
"show fwmark") echo off ;;
"show allowed-ips") printf 'key\t0.0.0.0/0 ::/0\n' ;;
esac
exit 0
X
cat >/usr/bin/wireguard-go <<'X'
#!/bin/sh
ip link add "$1" type veth peer name "$1-far"
X
chmod +x /usr/bin/wg /usr/bin/wireguard-go
umask 77
mkdir -p /etc/wireguard
cat >/etc/wireguard/wg0.conf <<'X'
[Interface]
PrivateKey = none
Address = 10.66.0.1/24, fd00:66::1/64
ListenPort = 51820
PostUp = iptables -A FORWARD -i %i -j ACCEPT; iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE
PostUp = ip6tables -A FORWARD -i %i -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
[Peer]
PublicKey = none
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = 198.51.100.1:51820
X
wg-quick up wg0
