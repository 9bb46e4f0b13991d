# Both families at once: functions, variables, subchains, hashlimit, recent, string, time, sets, statistic, TPROXY, NFLOG.
[ "$BACKEND" = nft ] && rm -f /usr/sbin/*-legacy* # ferm prefers them where it finds them
ipset create bad hash:ip
ipset add bad 203.0.113.66
cat >/tmp/f.ferm <<'X'
@def $ADMINS = (192.168.1.50 192.168.1.51);
domain (ip ip6) {
  table filter {
    chain INPUT {
      policy DROP;
      mod state state INVALID DROP;
      mod state state (ESTABLISHED RELATED) ACCEPT;
      interface lo ACCEPT;
      proto tcp dport ssh mod hashlimit hashlimit-name ssh hashlimit-above 6/min hashlimit-mode srcip hashlimit-burst 3 @subchain "ssh-flood" { LOG log-prefix "ssh flood: "; proto tcp REJECT reject-with tcp-reset; }
      proto tcp dport (http https) ACCEPT;
      proto tcp mod multiport destination-ports (25 465 587) mod connlimit connlimit-above 10 mod comment comment "it's *mail*, really" DROP;
      proto udp dport 53 mod statistic mode random probability 0.25 ACCEPT;
      proto udp dport 53 mod statistic mode nth every 3 packet 1 ACCEPT;
      proto tcp dport 8080 mod string algo bm string "GET /../.." DROP;
      proto tcp dport 8081 mod time timestart 09:00 timestop 17:00 weekdays "Mon,Fri" ACCEPT;
      mod length length 1400:1500 mod limit limit 2/hour limit-burst 7 NFLOG nflog-group 5 nflog-prefix "big one ";
      mod pkttype pkt-type broadcast DROP;
      proto tcp mod tcp tcp-flags (FIN SYN RST PSH ACK URG) NONE DROP;
      mod mark mark 0x10/0xf0 ACCEPT;
      mod connmark mark !0x1 ACCEPT;
    }
  }
}
X
cat >>/tmp/f.ferm <<'X'
domain ip table filter chain INPUT {
  mod set set bad src DROP;
  saddr $ADMINS proto tcp dport 9000 ACCEPT;
  proto icmp icmp-type (echo-request 3/4 time-exceeded) ACCEPT;
  mod iprange src-range 10.0.0.5-10.0.0.9 ACCEPT;
  mod addrtype dst-type BROADCAST DROP;
  mod mac mac-source 02:00:00:00:00:01 ACCEPT;
  mod ttl ttl-lt 5 DROP;
  mod tos tos 0x10/0x3f RETURN;
  mod recent name bad update seconds 60 hitcount 4 rttl DROP;
  mod u32 u32 "6&0xFF=0x1" DROP;
}
domain ip6 table filter chain INPUT {
  proto ipv6-icmp icmpv6-type (neighbour-solicitation neighbour-advertisement router-advertisement) mod hl hl-eq 255 ACCEPT;
  mod rt rt-type 0 DROP;
  saddr 2001:db8:10::/64 ACCEPT;
}
domain ip table filter chain OUTPUT {
  mod owner uid-owner 1000 proto tcp dport smtp REJECT reject-with icmp-admin-prohibited;
}
domain ip table nat {
  chain POSTROUTING outerface eth0 { saddr 192.168.1.0/24 proto tcp MASQUERADE to-ports 1024-65535 random; saddr 10.0.0.0/8 SNAT to 198.51.100.2-198.51.100.9 persistent; }
  chain PREROUTING { interface eth0 proto tcp dport 8443 DNAT to 192.168.1.10:443; proto udp dport 53 REDIRECT to-ports 5353; daddr 198.51.100.200 NETMAP to 192.168.1.200/32; }
}
domain ip table mangle {
  chain PREROUTING { proto tcp mod socket transparent MARK set-mark 1; proto tcp dport 80 TPROXY on-port 3129 tproxy-mark 1/1; }
  chain FORWARD { proto tcp tcp-flags (SYN RST) SYN TCPMSS clamp-mss-to-pmtu; proto udp dport 5060 DSCP set-dscp 46; mod connbytes connbytes 10000:100000 connbytes-dir both connbytes-mode bytes CLASSIFY set-class 1:20; TTL ttl-set 64; }
  chain POSTROUTING { CONNMARK save-mark; proto udp CHECKSUM checksum-fill; proto tcp dport ssh TOS set-tos 0x10; }
}
domain ip table raw { chain PREROUTING { proto udp dport 123 CT notrack; proto tcp dport 21 CT helper ftp; proto tcp dport 6 TRACE; } }
X
ferm /tmp/f.ferm
