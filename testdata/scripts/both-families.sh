#!/bin/sh
# One server, both families: what RFC 4890 asks for in IPv6, the same ports in both, and what only one of them knows.
iptables -P INPUT ACCEPT; ip6tables -P INPUT ACCEPT
iptables -F; ip6tables -F
iptables -A INPUT -i lo -j ACCEPT && ip6tables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
ip6tables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -A INPUT -p icmp -m icmp --icmp-type 8 -m limit --limit 10/s -j ACCEPT
iptables -A INPUT -p icmp --icmp-type fragmentation-needed -j ACCEPT
ip6tables -A INPUT -p icmpv6 --icmpv6-type destination-unreachable -j ACCEPT
ip6tables -A INPUT -p icmpv6 --icmpv6-type packet-too-big -j ACCEPT
ip6tables -A INPUT -p icmpv6 --icmpv6-type ttl-zero-during-transit -j ACCEPT
ip6tables -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type parameter-problem -j ACCEPT
ip6tables -A INPUT -p icmpv6 --icmpv6-type router-advertisement -m hl --hl-eq 255 -j ACCEPT
ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation -m hl --hl-eq 255 -j ACCEPT
ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbor-advertisement -m hl --hl-eq 255 -j ACCEPT
ip6tables -A INPUT -s fe80::/10 -d fe80::/10 -p udp --sport 547 --dport 546 -j ACCEPT
ip6tables -A INPUT -m rt --rt-type 0 -j DROP
ip6tables -A INPUT -p icmp --icmp-type 8 -j ACCEPT
iptables -A INPUT -p icmpv6 --icmpv6-type 135 -j ACCEPT
iptables -A INPUT -m hl --hl-eq 255 -j ACCEPT
ip6tables -A INPUT -s 192.0.2.1 -j ACCEPT
iptables -A INPUT -s 2001:db8::1 -j ACCEPT
iptables -4 -A INPUT -p tcp -m multiport --dports ssh,http,https -j ACCEPT
ip6tables -6 -A INPUT -p tcp -m multiport --dports ssh,http,https -j ACCEPT
iptables -A INPUT -j REJECT --reject-with icmp-host-prohibited
ip6tables -A INPUT -j REJECT --reject-with icmp6-adm-prohibited
ip6tables -N loop; ip6tables -A loop -s 2001:db8::/32 -j loop; ip6tables -A INPUT -j loop
iptables -P INPUT DROP
ip6tables -P INPUT DROP
