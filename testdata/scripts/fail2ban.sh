#!/bin/sh
# What a program that bans does from its start over two bans to its end, twice for the chain that is there already.
iptables -w -N f2b-sshd
iptables -w -A f2b-sshd -j RETURN
iptables -w -I INPUT -p tcp -m multiport --dports 22,2222 -j f2b-sshd
iptables -w -N f2b-sshd
iptables -w -C INPUT -p tcp -m multiport --dports 22,2222 -j f2b-sshd || iptables -w -I INPUT -p tcp -m multiport --dports 22,2222 -j f2b-sshd
iptables -w -I f2b-sshd 1 -s 192.0.2.10 -j REJECT --reject-with icmp-port-unreachable
iptables -w -I f2b-sshd 1 -s 198.51.100.7 -j REJECT --reject-with icmp-port-unreachable
iptables -w -D f2b-sshd -s 192.0.2.10 -j REJECT --reject-with icmp-port-unreachable
iptables -w -D f2b-sshd -s 203.0.113.1 -j REJECT --reject-with icmp-port-unreachable
ip6tables -w -N f2b-sshd
ip6tables -w -A f2b-sshd -j RETURN
ip6tables -w -I INPUT -p tcp -m multiport --dports ssh -j f2b-sshd
ip6tables -w -I f2b-sshd 1 -s 2001:db8::bad -j REJECT --reject-with icmp6-port-unreachable
iptables -w -X f2b-sshd
ip6tables -w -D INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
ip6tables -w -F f2b-sshd
ip6tables -w -X f2b-sshd
