# Ansible's iptables module, a play of eight rules with comments.
cat >/tmp/play.yml <<'X'
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - iptables: { chain: INPUT, ctstate: [ESTABLISHED, RELATED], jump: ACCEPT, comment: "Answers to what we asked" }
    - iptables: { chain: INPUT, in_interface: lo, jump: ACCEPT }
    - iptables: { chain: INPUT, protocol: tcp, destination_ports: ["80", "443", "8081:8083"], jump: ACCEPT, comment: "web, {{ 'the' }} public one" }
    - iptables: { chain: INPUT, protocol: tcp, destination_port: "22", source: 192.168.1.0/24, syn: match, limit: 2/second, limit_burst: "20", jump: ACCEPT }
    - iptables: { chain: INPUT, src_range: 192.168.1.100-192.168.1.199, jump: ACCEPT }
    - iptables: { table: nat, chain: PREROUTING, in_interface: eth0, protocol: tcp, match: tcp, destination_port: "80", jump: REDIRECT, to_ports: "8600", comment: Redirect web traffic to port 8600 }
    - iptables: { table: mangle, chain: OUTPUT, jump: DSCP, set_dscp_mark_class: CS1, protocol: tcp }
    - iptables: { chain: INPUT, jump: LOG, log_prefix: "IPTABLES:DROP:", log_level: info, limit: 4/minute }
    - iptables: { chain: INPUT, ip_version: ipv6, protocol: ipv6-icmp, jump: ACCEPT, comment: ICMPv6 }
    - iptables: { chain: INPUT, policy: DROP }
X
ansible-playbook -i localhost, /tmp/play.yml
