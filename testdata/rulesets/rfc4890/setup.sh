# The script of RFC 4890's author for ICMPv6, as uruk's package ships it, with prefixes of ours.
script=/usr/share/doc/uruk/examples/rfc4890-icmpv6-firewall.sh
bash $script
