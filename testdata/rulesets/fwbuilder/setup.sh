# Firewall Builder's compiler on a template firewall of its own library.
ip link add eth2 type veth peer name peer2
lib=$(ls /usr/share/fwbuilder*/templates.xml | head -1)
cp $lib /tmp/t.fwb
fwb_ipt -v -f /tmp/t.fwb -o /tmp/fw.sh "fw template 3"
sed -i "s,^ *find_program modprobe,:," /tmp/fw.sh
sh /tmp/fw.sh start
