# The package's configuration with usual ports, egress filtering and its protections switched on.
sed -i 's/^DEVEL_MODE=.*/DEVEL_MODE="0"/; s/^SET_MONOKERN=.*/SET_MONOKERN="1"/; s/^SET_FASTLOAD=.*/SET_FASTLOAD="0"/; s/^IFACE_TRUSTED=.*/IFACE_TRUSTED="eth1"/
s/^IG_TCP_CPORTS=.*/IG_TCP_CPORTS="22,80,443,6000_6007"/; s/^IG_UDP_CPORTS=.*/IG_UDP_CPORTS="53"/; s/^EGF=.*/EGF="1"/; s/^RAB=.*/RAB="1"/
s/^BLK_MCATNET=.*/BLK_MCATNET="1"/; s/^BLK_IDENT=.*/BLK_IDENT="1"/; s/^LOG_DROP=.*/LOG_DROP="1"/; s/^DLIST_[A-Z]*=.*/&/; s/^USE_\(DS\|RD\|AD\|RGT\)=.*/USE_\1="0"/' /etc/apf-firewall/conf.apf
sed -i 's/^RUN=.*/RUN="yes"/' /etc/default/apf-firewall
echo '192.0.2.66' >>/etc/apf-firewall/deny_hosts.rules
echo 'tcp:in:d=22:s=203.0.113.0/24' >>/etc/apf-firewall/allow_hosts.rules
apf -s || /usr/sbin/apf-firewall -s
