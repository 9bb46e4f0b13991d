# firewalld with its iptables backend: zones, services, rich rules, port forwarding, ipsets, direct rules, lockdown of a zone.
mkdir -p /run/dbus && dbus-daemon --system --fork
sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/; s/^LogDenied=.*/LogDenied=all/' /etc/firewalld/firewalld.conf
firewalld --nofork --nopid &
n=0; until firewall-cmd --state >/dev/null 2>&1 || [ $n = 50 ]; do sleep 0.3; n=$((n + 1)); done
fc() { firewall-cmd "$@"; }
fc --permanent --new-ipset=bad --type=hash:net
fc --permanent --ipset=bad --add-entry=203.0.113.0/24
fc --permanent --new-policy=out && fc --permanent --policy=out --add-ingress-zone=HOST --add-egress-zone=ANY && fc --permanent --policy=out --add-rich-rule='rule family=ipv4 destination address=192.0.2.0/24 reject'
fc --reload
fc --zone=public --add-interface=eth0
fc --zone=internal --add-interface=eth1
fc --zone=public --add-service=http --add-service=https --add-port=6000-6007/tcp --add-protocol=gre --add-source-port=68/udp
fc --zone=public --add-masquerade --add-icmp-block=timestamp-request
fc --zone=public --add-forward-port=port=8080:proto=tcp:toport=80:toaddr=192.168.1.10
fc --zone=public --add-rich-rule='rule family="ipv4" source address="192.168.1.0/24" service name="ssh" log prefix="ssh in: " level="info" limit value="3/m" accept'
fc --zone=public --add-rich-rule='rule family="ipv6" source address="2001:db8:1::/64" port port="9000" protocol="tcp" reject type="icmp6-adm-prohibited"'
fc --zone=public --add-rich-rule='rule source ipset=bad drop'
fc --zone=public --add-rich-rule='rule protocol value="ah" audit accept'
fc --zone=trusted --add-source=198.51.100.7
fc --zone=drop --add-source=02:00:00:00:00:66
fc --direct --add-rule ipv4 filter INPUT 0 -p tcp --dport 9999 -m comment --comment 'direct rule' -j ACCEPT
fc --zone=internal --add-forward
