# netavark, podman's network set-up: two networks, published ports, both families.
ip netns add pod
ip netns add other
mkdir -p /run/netavark
cat >/tmp/a.json <<'X'
{"container_id":"0123456789abcdef","container_name":"web","port_mappings":[{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"},{"host_ip":"198.51.100.2","container_port":6000,"host_port":6000,"range":5,"protocol":"udp"}],
"networks":{"podman":{"static_ips":["10.88.0.5","fd00:88::5"],"interface_name":"eth0"}},
"network_info":{"podman":{"name":"podman","id":"2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9","driver":"bridge","network_interface":"podman0","created":"2024-01-01T00:00:00Z","subnets":[{"subnet":"10.88.0.0/16","gateway":"10.88.0.1"},{"subnet":"fd00:88::/64","gateway":"fd00:88::1"}],"ipv6_enabled":true,"internal":false,"dns_enabled":true,"ipam_options":{"driver":"host-local"}}}}
X
sed 's/0123456789abcdef/fedcba9876543210/; s/"web"/"db"/; s/8080/5432/; s/6000/7000/g; s/10\.88/10.89/g; s/fd00:88/fd00:89/g; s/podman0/podman1/; s/"podman"/"inner"/g; s/2f259bab/3f259bab/' /tmp/a.json >/tmp/b.json
/usr/lib/podman/netavark --config /run/netavark --aardvark-binary /bin/true setup /var/run/netns/pod </tmp/a.json
/usr/lib/podman/netavark --config /run/netavark --aardvark-binary /bin/true setup /var/run/netns/other </tmp/b.json
