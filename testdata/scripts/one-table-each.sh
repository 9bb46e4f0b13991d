# Chains of one name in several tables.
iptables -t raw -N same
iptables -t mangle -N same
iptables -t filter -N same
iptables -t security -N same
iptables -t raw -A PREROUTING -j same
iptables -t mangle -A PREROUTING -j same
iptables -A FORWARD -j same
iptables -t security -A FORWARD -j same
iptables -t nat -A PREROUTING -j same
iptables -t mangle -A same -j MARK --or-mark 0x10
iptables -t mangle -A same -j CONNMARK --save-mark
iptables -t raw -A same -p udp --dport 53 -j NOTRACK
iptables -t raw -X same
iptables -t raw -F PREROUTING
iptables -t raw -F same
iptables -t raw -X same
iptables -t mangle -E same other
iptables -t mangle -D same 1
iptables -t mangle -D other 1
