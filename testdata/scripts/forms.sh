# Options in one piece, abbreviated, bundled, and in the wrong company.
iptables -AINPUT -s 10.0.0.1
iptables --append=INPUT -s 10.0.0.2
iptables -A INPUT -jACCEPT
iptables -A INPUT --jump=ACCEPT
iptables -A INPUT -s10.0.0.1
iptables -A INPUT -ptcp
iptables -A INPUT -p tcp --dport=22
iptables -A INPUT -p tcp -mtcp --dport 23
iptables -A INPUT -m comment --comment=-x
iptables -A INPUT -m comment --comment -j -j ACCEPT
iptables -tfilter -A INPUT -s 10.0.0.3
iptables --table=filter -A INPUT -s 10.0.0.4
iptables -A INPUT -w -s 10.0.0.5
iptables -w 5 -A INPUT -s 10.0.0.6
iptables -w5 -A INPUT -s 10.0.0.7
iptables --wait=5 -A INPUT -s 10.0.0.8
iptables --wait -A INPUT -s 10.0.0.9
iptables -vA INPUT -s 10.0.0.10
iptables -4 -A INPUT -s 10.0.0.11
iptables -6 -A INPUT -s 10.0.0.12
iptables --app INPUT -s 10.0.0.13
iptables --del INPUT 1
iptables --i INPUT -s 10.0.0.14
iptables -A INPUT --prot tcp --dst 10.0.0.15
iptables -A INPUT --jum DROP
iptables -A INPUT -n -j DROP
iptables -A INPUT --line-numbers -j DROP
iptables -A INPUT -c 5 10 -j DROP
iptables -A INPUT -c 5 -j DROP
iptables -A INPUT -F INPUT
iptables -F -X
iptables -F INPUT extra
iptables -F INPUT -j DROP
iptables -A INPUT foo
iptables foo
iptables
iptables -A
iptables -t
iptables -t nope -A INPUT
iptables -A INPUT -t mangle -j ACCEPT
iptables -t mangle -t filter -A INPUT -s 10.0.0.16
iptables -A INPUT --
iptables -A INPUT -- -s 10.0.0.17
iptables -s 10.0.0.18 -j DROP -A INPUT
iptables -A INPUT ! -s 10.0.0.19
iptables -A INPUT -s ! 10.0.0.20
iptables -A INPUT -p tcp -p udp
iptables -gX -A INPUT
