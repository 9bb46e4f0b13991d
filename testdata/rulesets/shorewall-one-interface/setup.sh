# The package's own one-interface example, both families, unchanged but for the links' names and kernel modules.
mkdir -p /etc/shorewall /etc/shorewall6
cp /usr/share/doc/shorewall/examples/one-interface/* /etc/shorewall/
cp /usr/share/doc/shorewall6/examples/one-interface/* /etc/shorewall6/
gunzip -f /etc/shorewall/*.gz /etc/shorewall6/*.gz
ip link add eth2 type veth peer name peer2 && ip addr add 10.10.11.1/24 dev eth2 && ip link set eth2 up
for dir in /etc/shorewall /etc/shorewall6; do
  sed -i 's/^LOAD_HELPERS_ONLY=.*/LOAD_HELPERS_ONLY=No/; s/^STARTUP_ENABLED=.*/STARTUP_ENABLED=Yes/' $dir/shorewall*.conf
  sed -i '/^net/s/,*\(dhcp\|nosmurfs\|routefilter\|tcpflags\)//4' $dir/interfaces
done
shorewall start
shorewall6 start
