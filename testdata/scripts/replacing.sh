# -R with everything that can go wrong.
iptables -A FORWARD -s 10.0.0.1 -j ACCEPT
iptables -A FORWARD -s 10.0.0.2 -j ACCEPT
iptables -R FORWARD 2 -s 10.0.0.3 -j DROP
iptables -R FORWARD 3 -s 10.0.0.4 -j DROP
iptables -R FORWARD -s 10.0.0.4 -j DROP
iptables -R FORWARD 1
iptables -R FORWARD 1 -s 10.0.0.5,10.0.0.6 -j DROP
iptables --replace FORWARD 1 -d 10.0.0.7 -j ACCEPT
iptables -R NOPE 1 -j ACCEPT
