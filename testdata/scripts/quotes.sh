# Quotes of the shell, and continuation lines.
iptables -A INPUT -m comment --comment 'single "quoted" words' -j ACCEPT
iptables -A INPUT -m comment --comment "double 'quoted' words" -j ACCEPT
iptables -A INPUT -m comment --comment "a \"b\" \$c \\ d" -j ACCEPT
iptables -A INPUT -m comment --comment a\ b\"c -j ACCEPT
iptables -A INPUT -m comment --comment it\'s -j ACCEPT
iptables -A INPUT -m comment --comment x"y z"w -j ACCEPT
iptables -A INPUT -m comment --comment "" -j ACCEPT
iptables -A INPUT -m comment --comment "# no comment; & no | end" -j ACCEPT # a comment
iptables -A INPUT -m comment --comment a#b -j ACCEPT
iptables \
  -A INPUT \
  -s 10.0.0.1 \
  -j ACCEPT
iptables -A INPUT -j LOG --log-prefix 'x: '
"iptables" '-A' INPUT "-s" 10.0.0.2
