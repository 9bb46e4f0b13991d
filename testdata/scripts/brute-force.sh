# Chains against guessing passwords, with lists and limits.
iptables -N SSH
iptables -A INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j SSH
iptables -A SSH -m recent --name ssh --rcheck --seconds 3600 --hitcount 10 -j DROP
iptables -A SSH -m recent --name ssh --set -j ACCEPT
iptables -A INPUT -p tcp --syn -m connlimit --connlimit-above 20 -j REJECT --reject-with tcp-reset
iptables -A INPUT -p tcp --dport 80 -m hashlimit --hashlimit-above 50/sec --hashlimit-mode srcip --hashlimit-name http -j DROP
iptables -A INPUT -m statistic --mode random --probability 0.1 -j LOG --log-prefix "sample: " --log-level debug
iptables -A INPUT -p tcp --tcp-flags ALL NONE -j DROP
iptables -A INPUT -p tcp --tcp-flags ALL ALL -j DROP
iptables -A INPUT -p tcp ! --syn -m state --state NEW -j DROP
iptables -A INPUT -m state --state INVALID -j DROP
iptables -A INPUT -f -j DROP
iptables -D SSH -m recent --name ssh --set -j ACCEPT
iptables -D INPUT -p tcp --dport 80 -m hashlimit --hashlimit-above 50/sec --hashlimit-mode srcip --hashlimit-name http -j DROP
