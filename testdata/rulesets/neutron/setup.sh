# OpenStack Neutron's iptables manager, with its wrapping chains and a security-group chain of one port.
cat >/tmp/n.py <<'X'
import os, subprocess
from oslo_config import cfg
from neutron.conf.agent import common as config
config.register_external_process_opts(cfg.CONF)
config.register_root_helper(cfg.CONF)
config.register_iptables_opts(cfg.CONF)
from neutron.agent.linux import iptables_manager, utils
from oslo_concurrency import lockutils
cfg.CONF([])
cfg.CONF.set_override("lock_path", "/tmp", group="oslo_concurrency")
def execute(cmd, process_input=None, **kw):
    return subprocess.run(cmd, input=process_input, capture_output=True, text=True, check=True).stdout
iptables_manager.linux_utils.execute = execute
manager = iptables_manager.IptablesManager(use_ipv6=True, state_less=False)
for tables in (manager.ipv4, manager.ipv6):
    filt = tables["filter"]
    filt.add_chain("sg-chain"); filt.add_chain("i1234abcd-0"); filt.add_chain("o1234abcd-0")
    filt.add_rule("FORWARD", "-m physdev --physdev-out tap1234abcd-00 --physdev-is-bridged -j $sg-chain", comment="Direct traffic from the VM interface to the security group chain.")
    filt.add_rule("sg-chain", "-m physdev --physdev-out tap1234abcd-00 --physdev-is-bridged -j $i1234abcd-0", comment="Jump to the VM specific chain.")
    filt.add_rule("i1234abcd-0", "-m state --state RELATED,ESTABLISHED -j RETURN", comment="Direct packets associated with a known session to the RETURN chain.")
    filt.add_rule("i1234abcd-0", "-p tcp -m tcp --dport 22 -j RETURN")
    filt.add_rule("i1234abcd-0", "-m state --state INVALID -j DROP", comment="Drop packets that appear related to an existing connection (e.g. TCP ACK/FIN) but do not have an entry in conntrack.")
manager.ipv4["nat"].add_chain("float-snat"); manager.ipv4["nat"].add_rule("PREROUTING", "-d 169.254.169.254/32 -i qr-+ -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 9697")
manager.ipv4["nat"].add_rule("float-snat", "-s 10.0.0.5/32 -j SNAT --to-source 198.51.100.9 --random-fully")
manager.apply()
X
python3 /tmp/n.py
