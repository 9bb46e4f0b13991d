# Chains made, renamed, emptied and deleted, in and out of use.
iptables -N a
iptables -N a
iptables -N INPUT
iptables -N -x
iptables -N '!x'
iptables -N ACCEPT
iptables -N LOG
iptables -N abcdefghijklmnopqrstuvwxyz01
iptables -N abcdefghijklmnopqrstuvwxyz012
iptables --new-chain b
iptables --new c.d:e
iptables -A a -j b
iptables -A INPUT -j a
iptables -A INPUT -g b
iptables -A INPUT -p tcp -m comment --comment "x -j a" -j a
iptables -X b
iptables -X
iptables -E b B2
iptables -E a INPUT
iptables -E a a
iptables -E nope z
iptables --rename-chain a A2
iptables -X A2
iptables -F A2
iptables -D INPUT -j A2
iptables -D INPUT -g B2
iptables -D INPUT 1
iptables -X A2
iptables -X INPUT
iptables -X nope
iptables -X
