#!/bin/sh
# A plain workstation: variables, a flush first, both families.
set -e
IPT=iptables
IP6=ip6tables
LAN="192.168.1.0/24"
$IPT -F
$IPT -X
$IPT -t nat -F
$IPT -P INPUT DROP
$IPT -A INPUT -i lo -j ACCEPT
$IPT -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
$IPT -A INPUT -s $LAN -p tcp --dport 22 -j ACCEPT
$IPT -A INPUT -s "$LAN" -p icmp --icmp-type echo-request -j ACCEPT
$IP6 -P INPUT DROP
$IP6 -A INPUT -i lo -j ACCEPT
$IP6 -A INPUT -p ipv6-icmp -j ACCEPT
${IP6} -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
echo "firewall is up"
exit 0
iptables -F
