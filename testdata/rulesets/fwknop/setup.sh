# fwknopd's chains, and the hole that one authorised packet made.
cat >/etc/fwknop/fwknopd.conf <<'X'
PCAP_INTF lo;
ENABLE_IPT_FORWARDING Y;
ENABLE_IPT_LOCAL_NAT Y;
ENABLE_IPT_SNAT Y;
SNAT_TRANSLATE_IP 198.51.100.2;
ENABLE_IPT_COMMENT_CHECK Y;
FLUSH_IPT_AT_INIT Y;
X
printf 'SOURCE ANY\nOPEN_PORTS tcp/22,udp/1194\nKEY secretsecret\nHMAC_KEY hmachmachmac\nFW_ACCESS_TIMEOUT 3600\n' >/etc/fwknop/access.conf
chmod 600 /etc/fwknop/*
fwknopd -f -i lo >/tmp/fwknopd.log 2>&1 &
sleep 2
printf '[default]\nACCESS tcp/22,udp/1194\nSPA_SERVER 127.0.0.1\nKEY secretsecret\nHMAC_KEY hmachmachmac\nUSE_HMAC Y\nALLOW_IP 203.0.113.9\n' >/root/.fwknoprc
chmod 600 /root/.fwknoprc
fwknop -n default
sleep 3
cat /tmp/fwknopd.log
