# The package's own iptables actions, several jails, some of them with bans standing.
touch /var/log/auth.log /var/log/mail.log /var/log/web.log
cat >/etc/fail2ban/jail.local <<'X'
[DEFAULT]
backend = polling
banaction = iptables-multiport
banaction_allports = iptables-allports
allowipv6 = yes
[sshd]
enabled = true
port = ssh
logpath = /var/log/auth.log
banaction = iptables
[postfix]
enabled = true
logpath = /var/log/mail.log
[nginx-http-auth]
enabled = true
logpath = /var/log/web.log
banaction = iptables-ipset-proto6
[recidive]
enabled = true
logpath = /var/log/auth.log
banaction = iptables-allports
[dovecot]
enabled = true
logpath = /var/log/mail.log
banaction = iptables-multiport-log
[vsftpd]
enabled = true
logpath = /var/log/auth.log
banaction = iptables-new
port = ftp
[proftpd]
enabled = true
logpath = /var/log/auth.log
banaction = iptables-xt_recent-echo
[pam-generic]
enabled = true
logpath = /var/log/auth.log
banaction = iptables-ipset-proto4
[exim]
enabled = true
logpath = /var/log/mail.log
banaction = iptables-ipset-proto6-allports
X
mkdir -p /var/run/fail2ban
fail2ban-server -b
n=0; until fail2ban-client ping || [ $n = 50 ]; do sleep 0.2; n=$((n + 1)); done
sleep 2
for jail in sshd postfix nginx-http-auth recidive dovecot vsftpd proftpd pam-generic exim; do
  fail2ban-client set $jail banip 203.0.113.9 198.51.100.77 2001:db8:66::1
done
sleep 4
fail2ban-client status
