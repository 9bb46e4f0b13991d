# Loops, reachable or not, behind a verdict for all or not.
iptables -N a
iptables -N b
iptables -A a -j b
iptables -A b -j a
iptables -A INPUT -j a
iptables -F b
iptables -A INPUT -j a
iptables -A b -j a
iptables -A b -j DROP
iptables -A b -j b
iptables -A INPUT -j INPUT
iptables -A INPUT -j NOPE
iptables -A INPUT -j
