# Targets and matches that the kernel takes in their own tables and hooks only.
iptables -A INPUT -j DNAT --to-destination 10.0.0.1
iptables -t nat -A INPUT -j DNAT --to-destination 10.0.0.1
iptables -t nat -A PREROUTING -j DNAT --to-destination 10.0.0.1
iptables -t nat -A PREROUTING -j SNAT --to-source 10.0.0.1
iptables -t nat -A POSTROUTING -j SNAT --to-source 10.0.0.1
iptables -t nat -A INPUT -j SNAT --to-source 10.0.0.1
iptables -t nat -A PREROUTING -j MASQUERADE
iptables -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 80
iptables -t nat -A POSTROUTING -p tcp -j REDIRECT --to-ports 80
iptables -t nat -A PREROUTING -j REJECT
iptables -t mangle -A INPUT -j REJECT
iptables -A INPUT -j REJECT --reject-with tcp-reset
iptables -A INPUT -p tcp -j REJECT --reject-with tcp-reset
iptables -A INPUT -j TTL --ttl-set 3
iptables -t mangle -A INPUT -j TTL --ttl-set 3
iptables -A INPUT -j CT --notrack
iptables -t raw -A OUTPUT -j CT --notrack
iptables -A INPUT -j TRACE
iptables -A INPUT -m owner --uid-owner 0 -j ACCEPT
iptables -A OUTPUT -m owner --uid-owner 0 -j ACCEPT
iptables -A OUTPUT -m mac --mac-source 02:00:00:00:00:01
iptables -A FORWARD -m mac --mac-source 02:00:00:00:00:01
iptables -A INPUT -m rpfilter
iptables -t raw -A PREROUTING -m rpfilter --invert -j DROP
iptables -N own
iptables -A own -m owner --uid-owner 0 -j ACCEPT
iptables -A INPUT -j own
iptables -A OUTPUT -j own
iptables -A INPUT -o eth0 -j ACCEPT
iptables -A OUTPUT -i eth0 -j ACCEPT
iptables -t nat -A PREROUTING -j DROP
iptables -t nat -P PREROUTING DROP
iptables -t nat -A FORWARD -j ACCEPT
iptables -t mangle -A POSTROUTING -j CLASSIFY --set-class 1:1
iptables -t mangle -A PREROUTING -j CLASSIFY --set-class 1:1
