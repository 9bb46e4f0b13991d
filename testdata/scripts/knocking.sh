# Three knocks in the right order open a door for ten seconds.
iptables -N KNOCK1
iptables -N KNOCK2
iptables -N KNOCK3
iptables -N DOOR
iptables -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT
iptables -A INPUT -p tcp --dport 22 -m recent --rcheck --seconds 10 --name knock3 -j DOOR
iptables -A INPUT -p tcp --syn -m recent --rcheck --seconds 15 --name knock2 -j KNOCK3
iptables -A INPUT -p tcp --syn -m recent --rcheck --seconds 15 --name knock1 -j KNOCK2
iptables -A INPUT -p tcp --syn -j KNOCK1
iptables -A KNOCK1 -p tcp --dport 7000 -m recent --name knock1 --set -j DROP
iptables -A KNOCK2 -m recent --name knock1 --remove
iptables -A KNOCK2 -p tcp --dport 8000 -m recent --name knock2 --set -j DROP
iptables -A KNOCK2 -g KNOCK1
iptables -A KNOCK3 -m recent --name knock2 --remove
iptables -A KNOCK3 -p tcp --dport 9000 -m recent --name knock3 --set -j DROP
iptables -A KNOCK3 -g KNOCK1
iptables -A DOOR -m recent --name knock3 --remove
iptables -A DOOR -m limit --limit 3/min --limit-burst 3 -j ACCEPT
iptables -A DOOR -j LOG --log-prefix "knocked too often: " --log-level 4
iptables -P INPUT DROP
