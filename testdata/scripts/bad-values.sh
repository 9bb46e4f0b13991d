# Values that iptables refuses.
iptables -A INPUT -s 300.1.1.1
iptables -A INPUT -s 10.0.0.1/33
iptables -A INPUT -s 2001:db8::1
iptables -A INPUT -p tcp --dport 99999
iptables -A INPUT --dport 22
iptables -A INPUT -p nope
iptables -A INPUT -p tcp --dport
iptables -A INPUT -p tcp --dport 22 --dport 23
iptables -A INPUT -p udp -m tcp --dport 22
iptables -A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16
iptables -A INPUT -m conntrack --ctstate NOPE
iptables -A INPUT -m state
iptables -A INPUT -i abcdefghijklmnop
iptables -A INPUT -p icmp --icmp-type nope
iptables -A INPUT -j ACCEPT -j DROP
iptables -A INPUT -j LOG --log-prefix
iptables -A INPUT -j ACCEPT --reject-with tcp-reset
iptables -A INPUT -m mac --mac-source 02:00:00:00:00
iptables -A INPUT -j accept
