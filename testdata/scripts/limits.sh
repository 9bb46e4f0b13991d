# Matches with values that iptables writes in its own way.
iptables -A INPUT -m limit --limit 1/second --limit-burst 3
iptables -A INPUT -m limit --limit 120/minute
iptables -A INPUT -m time --timestart 08:00 --timestop 18:00 --weekdays Mon,Tue -j ACCEPT
iptables -A INPUT -m length --length 100:200
iptables -A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9
iptables -A INPUT -m mark --mark 0x1/0xff
iptables -A INPUT -m addrtype --dst-type LOCAL -j ACCEPT
iptables -A INPUT -p icmp --icmp-type 3/4 -j ACCEPT
iptables -A INPUT -m pkttype --pkt-type broadcast -j DROP
iptables -A INPUT -m ttl --ttl-lt 5
iptables -A INPUT -m string --string "x y" --algo bm -j DROP
iptables -A INPUT -m quota --quota 1000
iptables -D INPUT -m limit --limit 1/s --limit-burst 3
iptables -D INPUT -m limit --limit 2/second
iptables -D INPUT -m length --length 100:200
iptables -D INPUT -m iprange --src-range 10.0.0.1-10.0.0.9
iptables -D INPUT -m mark --mark 1/255
iptables -D INPUT -m quota --quota 1001
iptables -D INPUT -m quota --quota 1000
