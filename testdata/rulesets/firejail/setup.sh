# The filters that firejail puts into its sandboxes, loaded one after the other into one table as its profiles do.
cat /etc/firejail/webserver.net | iptables-restore
[ -f /etc/firejail/nolocal6.net ] && ip6tables-restore </etc/firejail/nolocal6.net
