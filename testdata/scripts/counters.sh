# Counters that a command sets, and that -Z clears.
iptables -A INPUT -c 5 10 -s 10.0.0.1
iptables --set-counters 7 8 -A INPUT -s 10.0.0.2
iptables -A INPUT -s 10.0.0.3
iptables -P INPUT DROP -c 5 10
iptables -N x -c 5 10
iptables -Z INPUT
iptables -A INPUT -c 1 2 -s 10.0.0.4
iptables -R INPUT 1 -c 3 4 -s 10.0.0.5
