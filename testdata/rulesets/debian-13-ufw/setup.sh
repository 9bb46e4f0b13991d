# Debian 13's ufw with allow, limit, deny, reject, routed, application, logged and commented rules.
ufw --force reset
ufw default deny incoming
ufw default allow outgoing
ufw allow 22/tcp comment 'ssh from anywhere'
ufw limit 2222/tcp comment "admin's second door"
ufw allow from 192.168.1.0/24 to any port 3306 proto tcp
ufw deny from 203.0.113.0/24
ufw reject 23/tcp
ufw allow proto udp from 2001:db8:1::/64 to any port 51820
ufw allow in on eth1 to any port 53
ufw allow 6000:6007/tcp
ufw allow 80,443/tcp
ufw allow log-all 8080/tcp
ufw allow out on eth0 to 198.51.100.53 port 53
ufw route allow in on eth1 out on eth0 from 192.168.1.0/24
ufw logging medium
ufw --force enable
ufw status verbose
