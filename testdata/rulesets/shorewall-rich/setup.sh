# A zone file with macros, limits, logging, DNAT, accounting, traffic marks, blacklists, TPROXY and ipsets.
mkdir -p /etc/shorewall && cd /etc/shorewall && cp /etc/shorewall.d/* . 2>/dev/null
cp /usr/share/shorewall/configfiles/shorewall.conf . 2>/dev/null || cp /usr/share/doc/shorewall/examples/two-interfaces/shorewall.conf* . ; gunzip -f *.gz
sed -i 's/^STARTUP_ENABLED=.*/STARTUP_ENABLED=Yes/; s/^LOAD_HELPERS_ONLY=.*/LOAD_HELPERS_ONLY=No/; s/^ACCOUNTING=.*/ACCOUNTING=Yes/; s/^DYNAMIC_BLACKLIST=.*/DYNAMIC_BLACKLIST="ipset-only,src-dst:SW_DBL4"/; s/^OPTIMIZE=.*/OPTIMIZE=0/; s/^IP_FORWARDING=.*/IP_FORWARDING=On/' shorewall.conf
ipset create staff hash:net
ipset add staff 192.168.1.0/28
cat >zones <<'X'
fw firewall
net ipv4
loc ipv4
vpn:loc ipv4
X
cat >interfaces <<'X'
?FORMAT 2
net eth0 tcpflags,nosmurfs,logmartians,sfilter=(10.0.0.0/8)
loc eth1 tcpflags,nosmurfs,routeback,maclist
X
cat >hosts <<'X'
vpn eth1:192.168.1.128/25
X
cat >maclist <<'X'
ACCEPT eth1 02:00:00:00:00:01 192.168.1.10
DROP:info eth1 02:00:00:00:00:66
X
cat >policy <<'X'
fw net ACCEPT
loc net ACCEPT info 20/sec:40
net all DROP info 4/min
all all REJECT info
X
cat >rules <<'X'
?SECTION ALL
?SECTION ESTABLISHED
?SECTION RELATED
?SECTION INVALID
?SECTION UNTRACKED
?SECTION NEW
Invalid(DROP) net all tcp
SSH(ACCEPT) loc:+staff fw
SSH(ACCEPT):info:ssh-tag net fw - - - - s:ssh:3/min:5
Ping(ACCEPT) all all - - - - 10/sec:20
DNAT:info net loc:192.168.1.10:8080 tcp 80
DNAT net loc:192.168.1.20-192.168.1.29 tcp 443,8443
REDIRECT loc 3128 tcp 80 - !192.168.1.10
LOG:debug loc net tcp 25
DROP loc net tcp 25 ; comment="no mail but through the relay"
REJECT:NFLOG(1,0,1) loc net udp 137:139
ACCEPT net:203.0.113.0/24,198.51.100.0/24!198.51.100.66 fw tcp 9000:9010 - - 5/min:10
ACCEPT fw net tcp 25 - - - root
ACCEPT fw net tcp 80 - - - - - - timestart=09:00&timestop=17:00&weekdays=Mon,Tue
ACCEPT loc fw icmp echo-request
X
cat >snat <<'X'
MASQUERADE 192.168.1.0/24 eth0
SNAT(198.51.100.2) 10.0.0.0/8 eth0
X
cat >mangle <<'X'
MARK(1):P eth1 0.0.0.0/0 tcp 80
MARK(2):F 192.168.1.0/24 0.0.0.0/0 udp 53
CONNMARK(0x10/0xff) 192.168.1.0/24 eth0 tcp 443
DSCP(EF) 0.0.0.0/0 0.0.0.0/0 udp 5060
TTL(+1):F eth1 eth0
SAVE:F eth1 eth0
RESTORE:P eth0
X
cat >accounting <<'X'
web - eth0 eth1 tcp - 80
COUNT web eth1 eth0
DONE web
X
cat >blrules <<'X'
DROP net:192.0.2.66 all
WHITELIST net:203.0.113.7 all
BLACKLIST net:+staff[src] all
X
cat >stoppedrules <<'X'
ACCEPT eth1 -
X
shorewall start
