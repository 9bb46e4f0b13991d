First allow what is yours already:

$ sudo iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
admin@server:~$ sudo -n iptables -A INPUT -i lo -j ACCEPT

Then look at it:

$ sudo iptables -L -n
