# firejail's filter for sandboxes that may not see the local network.
iptables-restore </etc/firejail/nolocal.net
