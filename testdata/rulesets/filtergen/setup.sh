# Its rule language compiled to commands: lists, negation, logging, forwarding, masquerade.
cat >/tmp/f <<'X'
input lo accept;
output lo accept;
input eth0 { proto udp sport 68 dport 67 drop; ! source 192.168.1.0/24 log text "notours" drop; proto tcp dport {22 80 443 6000:6007} accept; proto icmp icmptype {8 0 3} accept; log reject; };
output eth0 { proto {tcp udp} dport 53 dest {192.168.1.1 192.168.1.2} accept; proto tcp dport 25 dest 192.168.1.3 accept; log accept; };
input eth1 forward { dest 192.168.1.0/24 accept; log drop; };
output eth1 forward { source 10.0.0.0/8 masq; accept; };
X
filtergen -t iptables /tmp/f >/tmp/f.sh && sh -e /tmp/f.sh
