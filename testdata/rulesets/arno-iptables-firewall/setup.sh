# NAT router: internet on eth0, a trusted net on eth1, some open ports, both families.
cat >/etc/arno-iptables-firewall/conf.d/99test.conf <<'X'
EXT_IF="eth0"
EXT_IF_DHCP_IP=0
INT_IF="eth1"
INTERNAL_NET="192.168.1.0/24"
INT_NET="192.168.1.0/24"
NAT=1
NAT_INTERNAL_NET="192.168.1.0/24"
NAT_FORWARD_TCP="0/0~8080>192.168.1.10~80 203.0.113.7~2222>192.168.1.10~22"
NAT_FORWARD_UDP="5060>192.168.1.11"
OPEN_TCP="22 80 443 6000:6007"
OPEN_UDP="53 500"
OPEN_ICMP=1
HOST_OPEN_TCP="203.0.113.0/24~9000"
DENY_TCP="135 445"
HOST_DENY_TCP="192.0.2.0/24~25"
REJECT_TCP="113"
LAN_OPEN_TCP="22 53"
BLOCK_HOSTS="192.0.2.66 192.0.2.128/25"
IPV6_SUPPORT=1
FULL_ACCESS_HOSTS="198.51.100.7"
X
sed -i 's/^EXT_IF=.*/EXT_IF="eth0"/' /etc/arno-iptables-firewall/firewall.conf
for plugin in ssh-brute-force-protection sip-voip traffic-shaper transparent-proxy mac-address-filter dyndns-host-open multiroute rpc; do
  file=/etc/arno-iptables-firewall/plugins/$plugin.conf
  [ -f $file ] && case $plugin in ssh*|sip*|transparent*) sed -i 's/^ENABLED=0/ENABLED=1/' $file ;; esac
done
sed -i 's/^#*HTTP_PROXY_PORT=.*/HTTP_PROXY_PORT="3128"/' /etc/arno-iptables-firewall/plugins/transparent-proxy.conf
arno-iptables-firewall start
