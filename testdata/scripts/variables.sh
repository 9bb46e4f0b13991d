# Variables with literal values, split where they are not quoted.
A=10.0.0.1
B="10.0.0.2"
C='10.0.0.3'
OPTS="-p tcp --dport 22"
EMPTY=
PREFIX="dropped: "
NET=$A/32
export D=10.0.0.4
readonly E="$D"
iptables -A INPUT -s $A -j ACCEPT
iptables -A INPUT -s ${B} -j ACCEPT
iptables -A INPUT -s "$C" -j ACCEPT
iptables -A INPUT $OPTS -j ACCEPT
iptables -A INPUT "$OPTS" -j ACCEPT
iptables -A INPUT $EMPTY -s $NET
iptables -A INPUT "$EMPTY" -s $NET
iptables -A INPUT -s $D,$E -j DROP
iptables -A INPUT -j LOG --log-prefix "$PREFIX"
iptables -A INPUT -j LOG --log-prefix $PREFIX
A=10.0.0.9
iptables -A INPUT -s $A -m comment --comment "at ${A}: '$B'" -j ACCEPT
