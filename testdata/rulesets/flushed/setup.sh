# Policies and rules made and then flushed: chains and counters stay behind.
iptables -P INPUT DROP
iptables -N own
iptables -A INPUT -j own
iptables -t nat -A POSTROUTING -j MASQUERADE
iptables -F
iptables -t nat -F
ip6tables -A INPUT -j DROP
ip6tables -F
