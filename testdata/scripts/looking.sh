# Commands that show things, and what hangs on how they end.
iptables -N seen
iptables -L
iptables -nvL INPUT
iptables -S seen
iptables -S nope
iptables -L nope -n
iptables -t nat -L -n -v --line-numbers
iptables -C INPUT -j DROP || iptables -A INPUT -j DROP
iptables -C INPUT -j DROP || iptables -A INPUT -s 10.0.0.1 -j DROP
iptables -C INPUT -j DROP && iptables -I INPUT -j seen
iptables -nL other >/dev/null 2>&1 || iptables -N other
iptables -nL other >/dev/null 2>&1 || iptables -N another
iptables -D INPUT -j LOG 2>/dev/null || true
! iptables -C INPUT -j LOG && iptables -A INPUT -j LOG
iptables -A INPUT -j NOPE && iptables -A INPUT -s 10.0.0.2 || iptables -A INPUT -s 10.0.0.3
iptables -V
iptables -Z
iptables -L -Z
iptables -Z INPUT
iptables -Z nope
