# IPv6's own: addresses, ICMPv6, prefixes, extensions of the other family.
ip6tables -P INPUT DROP
ip6tables -A INPUT -i lo -j ACCEPT
ip6tables -A INPUT -p icmpv6 --icmpv6-type echo-request -m limit --limit 10/s -j ACCEPT
ip6tables -A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT
ip6tables -A INPUT -s fe80::/10 -j ACCEPT
ip6tables -A INPUT -s 2001:DB8:0:0::1/64 -p tcp --dport 22 -j ACCEPT
ip6tables -D INPUT -s 2001:db8::/64 -p tcp --dport 22 -j ACCEPT
ip6tables -A INPUT -s 10.0.0.1 -j ACCEPT
ip6tables -A INPUT -m ttl --ttl-eq 1
ip6tables -A INPUT -f -j DROP
ip6tables -A INPUT -j REJECT
ip6tables -D INPUT -j REJECT --reject-with icmp6-port-unreachable
ip6tables -A INPUT -j REJECT --reject-with icmp6-adm-prohibited
ip6tables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination [2001:db8::2]:8080
ip6tables -A FORWARD -m rt --rt-type 0 -j DROP
ip6tables -4 -A INPUT -j DROP
ip6tables -A INPUT -p udp -d ff02::fb --dport 5353 -j ACCEPT
