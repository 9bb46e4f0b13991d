#!/bin/sh
# A router with address translation, chains of its own and marks.
WAN=eth0
LAN=eth1
sysctl -q net.ipv4.ip_forward 2>/dev/null
iptables -t nat -A POSTROUTING -o $WAN -j MASQUERADE
iptables -t nat -A PREROUTING -i $WAN -p tcp --dport 8080 -j DNAT --to-destination 192.168.1.2:80
iptables -t nat -A PREROUTING -i $WAN -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353
iptables -N from-lan
iptables -N from-wan
iptables -A FORWARD -i $LAN -j from-lan
iptables -A FORWARD -i $WAN -j from-wan
iptables -A from-lan -j ACCEPT
iptables -A from-wan -m state --state RELATED,ESTABLISHED -j ACCEPT
iptables -A from-wan -d 192.168.1.2 -p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT
iptables -A from-wan -j DROP
iptables -t mangle -A PREROUTING -i $LAN -p tcp --dport 443 -j MARK --set-mark 7
iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
iptables -t raw -A PREROUTING -s 10.0.0.0/8 -i $WAN -j DROP
