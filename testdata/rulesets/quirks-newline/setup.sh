# Comments that hold line ends, which the save tools print raw: a rule smuggled inside a comment, and one that ends in a backslash.
iptables -A INPUT -m comment --comment 'x
-A INPUT -s 203.0.113.66/32 -j ACCEPT
-A INPUT -m comment --comment "y' -j DROP
iptables -A INPUT -m comment --comment 'two
lines' -j ACCEPT
iptables -A INPUT -m comment --comment 'ends in a line end
' -j ACCEPT
iptables -A INPUT -m comment --comment '
COMMIT
# Completed' -j DROP
