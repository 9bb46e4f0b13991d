#!/bin/bash
# What is not about rules at all.
echo "iptables -A INPUT -j DROP"
modprobe nf_conntrack_ftp 2>/dev/null
cat /etc/hostname > /dev/null
[ -x /nonexistent ]
mkdir -p /tmp
printf '%s\n' "iptables -F" > /dev/null
iptables -A INPUT -s 10.0.0.1
cat <<END > /dev/null
iptables -A INPUT -s 10.0.0.2
END
iptables-save > /dev/null
if [ -f /nonexistent/file ]; then
  echo "ipset is there"
fi
unused() {
  iptables -F
}
iptables -A INPUT -s 10.0.0.3
