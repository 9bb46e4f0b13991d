#!/bin/sh
# A transparent proxy as guides set one up: sockets that are there go on, the rest is handed over by its mark.
iptables -t mangle -N DIVERT
iptables -t mangle -A DIVERT -j MARK --set-mark 1
iptables -t mangle -A DIVERT -j ACCEPT
iptables -t mangle -A PREROUTING -p tcp -m socket -j DIVERT
iptables -t mangle -A PREROUTING -p tcp --dport 80 -j TPROXY --tproxy-mark 0x1/0x1 --on-port 3129
iptables -t mangle -A PREROUTING -p tcp --dport 443 -j TPROXY --tproxy-mark 1 --on-port 3130 --on-ip 127.0.0.1
iptables -t mangle -A PREROUTING --dport 8080 -j TPROXY --on-port 3129
iptables -t mangle -A OUTPUT -p tcp --dport 80 -j TPROXY --on-port 3129
iptables -t nat -A OUTPUT -p tcp --dport 80 -m owner --uid-owner 13 -j ACCEPT
iptables -t nat -A OUTPUT -p tcp --dport 80 -j REDIRECT --to-port 3128
ip6tables -t mangle -N DIVERT
ip6tables -t mangle -A DIVERT -j MARK --set-mark 1
ip6tables -t mangle -A DIVERT -j ACCEPT
ip6tables -t mangle -A PREROUTING -p tcp -m socket --transparent -j DIVERT
ip6tables -t mangle -A PREROUTING -p udp --dport 443 -j TPROXY --on-port 3130 --on-ip ::1 --tproxy-mark 0x1
iptables -t mangle -D PREROUTING -p tcp -m tcp --dport 80 -j TPROXY --on-port 3129 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1
