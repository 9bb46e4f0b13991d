# opensnitchd's interception rules.
mkdir -p /etc/opensnitchd/rules
opensnitchd -rules-path /etc/opensnitchd/rules -process-monitor-method proc >/tmp/o.log 2>&1 &
sleep 6
cat /tmp/o.log
