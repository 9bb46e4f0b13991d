# What administrators type that is hard to read back: odd comments, prefixes, names; given to the tools, saved by the kernel.
iptables -N 'a-name-of-28-bytes-exactly-a'
iptables -N 'ends-with-!'
iptables -N 'with.dots_and/slash'
iptables -N '#hash'
iptables -N '"quoted"'
iptables -N "it's"
iptables -N 'ümlaut'
iptables -N '[0:0]'
iptables -N empty
iptables -N COMMIT
iptables -A INPUT -j '#hash'
iptables -A INPUT -j '[0:0]'
iptables -A INPUT -j "it's"
iptables -A INPUT -j 'ümlaut'
iptables -A INPUT -j COMMIT
for comment in '-j' '--comment' '!' '' ' ' '-A INPUT -j ACCEPT' 'ends with \' '"' "it's" 'a"b\c' 'COMMIT' '# not a comment' '*filter' '[5:10]' 'tab	here' 'größer 世界' '--' '\n' 'x # y' '$(reboot) `id` %s %n' ; do
  iptables -A INPUT -m comment --comment "$comment" -j ACCEPT
done
iptables -A INPUT -m comment --comment one -m comment --comment "two of them" -j ACCEPT
iptables -A INPUT -m comment --comment "$(head -c 255 /dev/zero | tr '\0' x)" -j ACCEPT
iptables -A INPUT -j LOG --log-prefix '29 bytes "of" prefix, no less'
iptables -A INPUT -j LOG --log-prefix "IN='eth0' "
iptables -A INPUT -j NFLOG --nflog-prefix "$(head -c 63 /dev/zero | tr '\0' y)"
iptables -A INPUT -m string --algo bm --string '\' -j DROP
iptables -A INPUT -m string --algo bm --string '--to' -j DROP
iptables -A INPUT -m string --algo bm --hex-string '|00ff0a|' -j DROP
iptables -A INPUT -i 'with!bang' -j ACCEPT
iptables -A INPUT -i '+' -j ACCEPT
iptables -A INPUT ! -i eth+ ! -s 10.0.0.0/8 ! -p tcp -j ACCEPT
iptables -A INPUT -s 10.1.2.3/255.0.255.0 -d 0.0.0.0/1 -j ACCEPT
iptables -A INPUT -p 254 -j ACCEPT
iptables -A INPUT -m recent --name "x-y.z" --set
iptables -A INPUT -m mark ! --mark 0x0/0x0
iptables -A INPUT
iptables -A INPUT -g empty
iptables -A FORWARD -j RETURN
ip6tables -A INPUT -s ::ffff:10.0.0.0/104 -d 2001:db8::/ffff:ffff::ff -j ACCEPT
ip6tables -A INPUT -s 2001:db8::1,2001:db8::2 -p tcp ! --syn -j ACCEPT
ip6tables -A INPUT -m comment --comment 'only » v6 «' -j DROP
