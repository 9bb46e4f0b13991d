# -I at the head, at numbers, past the end; several addresses at once.
iptables -A INPUT -s 10.0.0.1 -j ACCEPT
iptables -I INPUT -s 10.0.0.2 -j ACCEPT
iptables -I INPUT 2 -s 10.0.0.3 -j ACCEPT
iptables -I INPUT 4 -s 10.0.0.4 -j ACCEPT
iptables -I INPUT 9 -s 10.0.0.5 -j ACCEPT
iptables -I INPUT 0 -s 10.0.0.6 -j ACCEPT
iptables -I INPUT x -s 10.0.0.7 -j ACCEPT
iptables -I INPUT 3 -s 10.1.0.1,10.1.0.2 -d 10.2.0.1,10.2.0.2 -j DROP
iptables -A INPUT -s 10.3.0.1,10.3.0.2 -j DROP
iptables --insert INPUT 1 --source 10.0.0.8 --jump DROP
iptables -IINPUT 1 -s 10.0.0.9
iptables -A INPUT -s 10.0.0.1,10.0.0.2 ! -d 10.9.0.0/16 -j RETURN
iptables -A INPUT ! -s 10.0.0.1,10.0.0.2 -j RETURN
