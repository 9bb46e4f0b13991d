# -D by number and by rule, in another spelling, in another order.
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -A INPUT -p tcp --dport 80 -m comment --comment web -j ACCEPT
iptables -A INPUT -s 10.1.2.3/24 -j DROP
iptables -A INPUT -m limit --limit 5/min -j LOG
iptables -A INPUT -j REJECT
iptables -A INPUT -m state --state NEW,ESTABLISHED -j ACCEPT
iptables -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
iptables -A INPUT -m recent --set
iptables -A INPUT -p tcp -m tcp --syn
iptables -A INPUT -i + -s 0/0 -p all -j ACCEPT
iptables -D INPUT -j ACCEPT
iptables -D INPUT -p tcp -m tcp --dport ssh -j ACCEPT
iptables -D INPUT -p tcp -m comment --comment web --dport 80 -j ACCEPT
iptables -D INPUT -p tcp --dport http -m comment --comment web -j ACCEPT
iptables -D INPUT --src 10.1.2.0/24 -j DROP
iptables -D INPUT -m limit --limit 300/hour --limit-burst 5 -j LOG --log-level 4
iptables -D INPUT -j REJECT --reject-with icmp-port-unreachable
iptables -D INPUT -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT
iptables -D INPUT -m state --state ESTABLISHED,NEW -j ACCEPT
iptables -D INPUT -p tcp -m multiport --dports 443,80 -j ACCEPT
iptables -D INPUT -p tcp -m multiport --dports http,https -j ACCEPT
iptables -D INPUT -m recent --name DEFAULT --set --rsource
iptables -D INPUT -p tcp
iptables -D INPUT -p tcp --tcp-flags FIN,SYN,RST,ACK SYN
iptables -A INPUT -j DROP
iptables -D INPUT 2
iptables -D INPUT 1
iptables -D INPUT 0
iptables -D NOPE 1
iptables -D NOPE -j DROP
