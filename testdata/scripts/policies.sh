# -P and what it refuses.
iptables -P INPUT DROP
iptables --policy FORWARD DROP
iptables -POUTPUT DROP
iptables -P OUTPUT ACCEPT
iptables -P INPUT
iptables -P INPUT REJECT
iptables -P INPUT RETURN
iptables -P NOPE DROP
iptables -P INPUT DROP extra
iptables -P INPUT ACCEPT -j DROP
iptables -N own
iptables -P own DROP
iptables -t mangle -P POSTROUTING DROP
