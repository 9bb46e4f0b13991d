# Several commands a line, and commands that hang on each other.
iptables -A INPUT -s 10.0.0.1; iptables -A INPUT -s 10.0.0.2
iptables -N x && iptables -A x -j DROP && iptables -A INPUT -j x
iptables -N x && iptables -A INPUT -s 10.0.0.3
iptables -N x || iptables -A INPUT -s 10.0.0.4
iptables -N x || iptables -N y || iptables -N z
true && iptables -A INPUT -s 10.0.0.5
false && iptables -A INPUT -s 10.0.0.6
false || iptables -A INPUT -s 10.0.0.7
! false && iptables -A INPUT -s 10.0.0.8
iptables -A INPUT -s 10.0.0.9 &&
  iptables -A INPUT -s 10.0.0.10 ||
  iptables -A INPUT -s 10.0.0.11
echo done && iptables -A INPUT -s 10.0.0.12 >/dev/null 2>&1
iptables -A INPUT -s 10.0.0.13 2>/dev/null >&2; : ; iptables -A INPUT -s 10.0.0.14
