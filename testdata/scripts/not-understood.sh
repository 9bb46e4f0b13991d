#!/bin/sh
# What only a running shell can tell: none of it is guessed.
ADDRESS=$(cat /nonexistent)
iptables -A INPUT -s 10.0.0.1
iptables -A INPUT -s $ADDRESS
iptables -A INPUT -s $UNSET
iptables -A INPUT -s `hostname -i`
for port in 22 80; do
  iptables -A INPUT -p tcp --dport $port -j ACCEPT
done
if [ -f /nonexistent ]; then
  iptables -A INPUT -s 10.0.0.2
fi
allow() { iptables -A INPUT -s "$1" -j ACCEPT; }
allow 10.0.0.3
iptables-restore < /nonexistent
cat /nonexistent | iptables-restore
modprobe x && iptables -A INPUT -s 10.0.0.4
. /nonexistent/file
sh -c "iptables -F"
systemctl restart firewalld
ipset create bad hash:ip
iptables -A INPUT -m nosuchmatch --option
iptables -A INPUT -m comment --comment "two
lines"
iptables -A INPUT -s 10.0.0.5
