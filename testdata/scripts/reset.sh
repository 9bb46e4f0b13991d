# Everything away and open, as people undo a firewall.
iptables -A INPUT -s 10.0.0.1
iptables -N own
iptables -A own -j DROP
iptables -A INPUT -j own
iptables -t nat -A POSTROUTING -j MASQUERADE
iptables -t mangle -A FORWARD -j MARK --set-mark 1
iptables -P INPUT DROP
iptables -P INPUT ACCEPT
iptables -P FORWARD ACCEPT
iptables -P OUTPUT ACCEPT
iptables -t nat -F
iptables -t mangle -F
iptables -F
iptables -X
iptables -t raw -X
iptables -t security -F
