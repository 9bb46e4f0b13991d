# Puppet's firewall module: numbered comments, jumps, NAT, limits, both families.
cat >/tmp/site.pp <<'X'
firewall { '000 accept all icmp': proto => 'icmp', action => 'accept' }
firewall { '001 accept lo': proto => 'all', iniface => 'lo', action => 'accept' }
firewall { '002 reject spoofed lo': iniface => '! lo', proto => 'all', destination => '127.0.0.1/8', action => 'reject' }
firewall { '003 accept established': proto => 'all', state => ['RELATED', 'ESTABLISHED'], action => 'accept' }
firewall { '100 web for all': dport => [80, 443, '8000-8010'], proto => 'tcp', action => 'accept' }
firewall { '101 ssh of staff': dport => 22, proto => 'tcp', source => '192.168.1.0/24', action => 'accept' }
firewall { '102 limit ping': proto => 'icmp', icmp => 'echo-request', limit => '5/sec', burst => 10, action => 'accept' }
firewall { '300 masquerade': chain => 'POSTROUTING', jump => 'MASQUERADE', proto => 'all', outiface => 'eth0', source => '10.1.2.0/24', table => 'nat' }
firewall { '400 v6 ssh': provider => 'ip6tables', dport => 22, proto => 'tcp', action => 'accept' }
firewall { '999 drop the rest': proto => 'all', action => 'drop' }
X
puppet apply --modulepath /usr/share/puppet/modules:/usr/share/puppet/modules.available /tmp/site.pp
