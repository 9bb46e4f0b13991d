#!/bin/sh
# A gateway: one address for a network, some ports inside, a network mapped onto another, and a provider that counts hops.
set -e
WAN=ppp0
LAN=br-lan
NET=192.168.7.0/24
PUBLIC=203.0.113.5
iptables -P FORWARD DROP
iptables -F FORWARD
iptables -t nat -F
iptables -t nat -X
iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
iptables -A FORWARD -i $LAN -o $WAN -s $NET -m conntrack --ctstate NEW -j ACCEPT
iptables -t nat -A POSTROUTING -s $NET -o $WAN -j SNAT --to-source $PUBLIC --persistent
iptables -t nat -A PREROUTING -d $PUBLIC -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 192.168.7.10
iptables -t nat -A PREROUTING -d $PUBLIC -p udp --dport 27015:27030 -j DNAT --to-destination 192.168.7.11-192.168.7.12
iptables -t nat -A POSTROUTING -s $NET -d 192.168.7.10 -p tcp --dport 80 -j MASQUERADE --random-fully
iptables -t nat -A PREROUTING -d 10.20.0.0/16 -j NETMAP --to 10.30.0.0/16
iptables -t nat -A OUTPUT -d $PUBLIC/32 -p tcp --dport 80 -j REDIRECT --to-ports 8080
iptables -t mangle -A POSTROUTING -o $WAN -j TTL --ttl-set 65
iptables -t mangle -A FORWARD -o $WAN -p tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 1453:65535 -j TCPMSS --set-mss 1452
iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff
iptables -t mangle -A PREROUTING -m mark ! --mark 0/0xff -j RETURN
iptables -t mangle -A PREROUTING -i "$LAN" -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 0x1/0xff
iptables -t mangle -A PREROUTING -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff
iptables -t mangle -A POSTROUTING -p udp --dport 5060 -j DSCP --set-dscp-class EF
iptables -t mangle -A POSTROUTING -o ${WAN} -m dscp --dscp-class EF -j CLASSIFY --set-class 1:10
iptables -t mangle -D POSTROUTING -o ppp0 -j TTL --ttl-set 0x41
iptables -t nat -D PREROUTING -d 10.20.0.0/255.255.0.0 -j NETMAP --to 10.30.9.9/255.255.0.0
iptables -t nat -C PREROUTING -d 10.20.0.0/16 -j NETMAP --to 10.30.0.0/15 || iptables -t nat -A PREROUTING -d 10.20.0.0/16 -j NETMAP --to 10.30.0.0/15
