# sshguard's iptables and ipset blockers behind the chains that its manual page has the administrator make.
for tool in iptables ip6tables; do
  $tool -N sshguard
  $tool -A INPUT -m multiport -p tcp --destination-ports 21,22,110,143 -j sshguard
done
(printf 'block 203.0.113.9 4 32\nblock 198.51.100.128 4 25\nblock 2001:db8:66::1 6 128\nblock 2001:db8:67:: 6 64\n'; sleep 30) | /usr/libexec/sshguard/sshg-fw-iptables &
(printf 'block 203.0.113.10 4 32\nblock 2001:db8:68:: 6 64\n'; sleep 30) | /usr/libexec/sshguard/sshg-fw-ipset &
sleep 2
iptables -I INPUT -m set --match-set sshguard4 src -j DROP
ip6tables -I INPUT -m set --match-set sshguard6 src -j DROP
