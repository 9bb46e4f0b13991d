# A gateway with interfaces, routers, protections, NAT, marks, ipsets, limits, connlimit, recent, synproxy and traps.
# The package asks for the legacy tools by name; on the nft side it is told the plain names.
[ "$BACKEND" = nft ] && sed -i s,tables-legacy,tables,g /usr/lib/firehol/install.config
echo "START_FIREHOL=YES" >>/etc/default/firehol
cat >/etc/firehol/firehol.conf <<'X'
version 6
home="192.168.1.0/24"
ipv4 ipset create evil hash:net
ipv4 ipset add evil 203.0.113.0/24
ipv4 ipset add evil 192.0.2.7
ipv4 snat to 198.51.100.2 outface eth0 src "$home"
ipv4 dnat to 192.168.1.10:80 inface eth0 proto tcp dport 8080
ipv4 redirect to 3128 inface eth1 proto tcp dport 80 dst not "$home"
mark 7 FORWARD proto tcp sport 1024:65535 dport 25
tcpmss auto eth0
ipv4 blacklist full inface eth0 log "evil" ipset:evil except src 203.0.113.99
server_fancy_ports="tcp/4000:4010 udp/4000"
client_fancy_ports="default"
interface46 eth1 lan
    policy reject
    server "ssh dns icmp dhcp" accept
    server4 samba accept src "$home"
    client all accept
interface46 eth0 internet
    protection strong 10/sec 10
    server smtp accept with limit 5/minute 10 overflow reject
    server "http https" accept connlimit above 20
    server fancy accept
    server ssh accept with knock hidden
    server ident reject with tcp-reset
    server ftp accept log "ftp session" level info
    client all accept
    client "ping" accept user root
router46 lan2internet inface eth1 outface eth0
    route all accept
    client ident accept
router46 internet2lan inface eth0 outface eth1
    policy drop
    protection strong
    route4 http accept dst 192.168.1.10
    server ping accept with limit 3/sec 3
X
firehol start </dev/null
