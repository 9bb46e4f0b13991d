# CNI's bridge, portmap and firewall plug-ins, as Kubernetes nodes and podman call them: one pod, three published ports.
ip netns add pod
for family in 4 6; do
  [ $family = 4 ] && net=10.88.0.0/16 || net=fd00:88::/64
  [ $family = 4 ] && dst=0.0.0.0/0 || dst=::/0
  cat >/tmp/$family.conf <<X
{"cniVersion":"0.4.0","name":"pods$family","type":"bridge","bridge":"cni$family","isGateway":true,"ipMasq":true,"hairpinMode":true,
 "ipam":{"type":"host-local","subnet":"$net","routes":[{"dst":"$dst"}]}}
X
  export CNI_COMMAND=ADD CNI_CONTAINERID=0123456789abcdef CNI_NETNS=/var/run/netns/pod CNI_IFNAME=eth$family CNI_PATH=/usr/lib/cni
  /usr/lib/cni/bridge </tmp/$family.conf >/tmp/$family.result
  for plugin in portmap firewall; do
    jq --slurpfile before /tmp/$family.result '. + {type: "'$plugin'", prevResult: $before[0], capabilities: {portMappings: true}, backend: "iptables", snat: true,
      runtimeConfig: {portMappings: [{hostPort: 8080, containerPort: 80, protocol: "tcp"}, {hostPort: 5353, containerPort: 53, protocol: "udp"},
      {hostPort: 2222, containerPort: 22, protocol: "tcp", hostIP: "'$([ $family = 4 ] && echo 198.51.100.2 || echo 2001:db8::2)'"}]}}' /tmp/$family.conf | /usr/lib/cni/$plugin
  done
done
