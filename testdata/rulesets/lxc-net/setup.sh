# lxc's bridge with its DHCP, DNS and masquerade rules.
cat >/etc/default/lxc-net <<'X'
USE_LXC_BRIDGE="true"
LXC_USE_NFT="false"
LXC_IPV6_ADDR="fd00:c::1"
LXC_IPV6_MASK="64"
LXC_IPV6_NETWORK="fd00:c::/64"
LXC_IPV6_NAT="true"
X
/usr/libexec/lxc/lxc-net start
