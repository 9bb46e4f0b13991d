# A hand-written router: policy routing by marks, transparent proxy, load-balanced SNAT, clamped MSS, port forwards,
# accounting by sets, rate limits, per-source limits, raw exemptions, security marks; both families.
ipset create lan hash:net comment counters
ipset add lan 192.168.1.0/24 comment "the office, upstairs"
ipset add lan 10.0.0.0/8 nomatch comment 'not the lab'
ipset create blocked hash:ip timeout 3600 skbinfo
ipset add blocked 203.0.113.66 timeout 600 skbmark 0x1/0xff skbprio 1:10 skbqueue 3
ipset create ports bitmap:port range 0-1023
ipset add ports 22
ipset add ports 80
ipset create pairs hash:ip,port,net
ipset add pairs 192.168.1.10,tcp:443,198.51.100.0/24
ipset create ifaces hash:net,iface
ipset add ifaces 192.168.1.0/24,eth1
ipset create span bitmap:ip range 192.168.1.0/24 netmask 28
ipset add span 192.168.1.16
ipset create lan6 hash:net family inet6 forceadd maxelem 128
ipset add lan6 2001:db8:1::/64
ipset create all list:set size 4
ipset add all lan
ipset add all ifaces
iptables -t raw -A PREROUTING -i eth0 -p udp --dport 53 -j CT --notrack
iptables -t raw -A PREROUTING -m rpfilter --invert --loose -j DROP
iptables -t raw -A OUTPUT -p tcp --dport 21 -j CT --ctevents new,destroy
iptables -t mangle -N DIVERT
iptables -t mangle -A DIVERT -j MARK --set-mark 1
iptables -t mangle -A DIVERT -j ACCEPT
iptables -t mangle -A PREROUTING -i eth1 -p tcp --dport 80 -j TPROXY --tproxy-mark 0x1/0x1 --on-port 3129 --on-ip 127.0.0.1
iptables -t mangle -A PREROUTING -m conntrack --ctstate NEW -m statistic --mode nth --every 2 --packet 0 -j CONNMARK --set-mark 0x10/0xf0
iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff
iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 1400:65535 -j TCPMSS --clamp-mss-to-pmtu
iptables -t mangle -A FORWARD -m dscp --dscp-class EF -j CLASSIFY --set-class 1:10
iptables -t mangle -A FORWARD -m connbytes --connbytes 1000000: --connbytes-dir both --connbytes-mode bytes -j DSCP --set-dscp-class CS1
iptables -t mangle -A POSTROUTING -o eth0 -j TTL --ttl-set 64
iptables -t mangle -A POSTROUTING -p udp --dport 68 -j CHECKSUM --checksum-fill
iptables -t nat -A PREROUTING -i eth0 -p tcp -m multiport --dports 80,443,8000:8010 -j DNAT --to-destination 192.168.1.10-192.168.1.12 --persistent
iptables -t nat -A PREROUTING -i eth0 -p udp --dport 51820 -j DNAT --to-destination 192.168.1.13:51820-51830 --random
iptables -t nat -A OUTPUT -d 198.51.100.80 -p tcp --dport 80 -j DNAT --to-destination 192.168.1.10:8080
iptables -t nat -A POSTROUTING -s 192.168.1.0/24 -o eth0 -p tcp -m connmark --mark 0x10/0xf0 -j SNAT --to-source 198.51.100.2:1024-65535 --random-fully
iptables -t nat -A POSTROUTING -s 192.168.1.0/24 -d 192.168.1.0/24 -j MASQUERADE
iptables -t nat -A POSTROUTING -s 10.8.0.0/24 ! -o eth1 -j NETMAP --to 198.51.100.0/24
iptables -P FORWARD DROP
iptables -N logdrop
iptables -N flood
iptables -A logdrop -m limit --limit 5/min --limit-burst 10 -j LOG --log-prefix "drop: \"x\" " --log-level 4 --log-tcp-options --log-ip-options --log-uid
iptables -A logdrop -j NFLOG --nflog-group 2 --nflog-prefix "dropped here" --nflog-threshold 20
iptables -A logdrop -j DROP
iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -m set --match-set blocked src -j SET --add-set blocked src --exist --timeout 7200
iptables -A FORWARD -m set --match-set blocked src,dst --return-nomatch ! --update-counters --packets-gt 10 --bytes-lt 1000000 -j logdrop
iptables -A FORWARD -m set ! --match-set pairs src,dst,dst -p tcp -m hashlimit --hashlimit-upto 50/sec --hashlimit-burst 100 --hashlimit-mode srcip,dstport --hashlimit-name web --hashlimit-htable-expire 30000 --hashlimit-srcmask 24 -g flood
iptables -A FORWARD -m iprange --src-range 192.168.1.10-192.168.1.19 ! --dst-range 10.0.0.1-10.0.0.9 -m time --timestart 08:00 --timestop 18:30 --weekdays Mon,Tue,Wed --kerneltz -j ACCEPT
iptables -A FORWARD -p tcp --syn -m connlimit --connlimit-above 100 --connlimit-mask 24 --connlimit-saddr -j REJECT --reject-with tcp-reset
iptables -A FORWARD -p icmp --icmp-type fragmentation-needed -j ACCEPT
iptables -A FORWARD -p icmp --icmp-type 8 -m length --length 1000:65535 -j DROP
iptables -A FORWARD -m mac --mac-source 02:00:00:00:00:01 -m pkttype --pkt-type unicast -m ttl --ttl-gt 1 -j ACCEPT
iptables -A FORWARD -f -j DROP
iptables -A FORWARD -p esp -m esp --espspi 1:500 -m policy --dir in --pol ipsec --reqid 7 --mode tunnel --tunnel-src 203.0.113.9 -j ACCEPT
iptables -A FORWARD -p sctp --dport 5060 -m sctp --chunk-types any DATA,INIT -j ACCEPT
iptables -A FORWARD -m string --string 'evil "stuff"' --algo kmp --icase --from 40 --to 500 -j DROP
iptables -A FORWARD -m string --hex-string '|de ad be ef|GET' --algo bm -j DROP
iptables -A FORWARD -m u32 --u32 '0>>22&0x3C@12>>26=5:10,15' -j DROP
iptables -A FORWARD -m bpf --bytecode '1,6 0 0 65535' -j RETURN
iptables -A FORWARD -m physdev --physdev-in eth7 --physdev-is-bridged -j ACCEPT
iptables -A FORWARD -m quota --quota 1000000000 -m cpu --cpu 0 -j ACCEPT
iptables -A FORWARD -m recent --name seen --rcheck --seconds 60 --reap --hitcount 4 --rttl --mask 255.255.255.0 --rdest -j DROP
iptables -A flood -j RETURN
iptables -A INPUT -m addrtype ! --src-type UNICAST --limit-iface-in -j DROP
iptables -A INPUT -i eth+ ! -s 10.0.0.0/8 -p 47 -j ACCEPT
iptables -A INPUT -m conntrack --ctstate NEW --ctproto tcp --ctorigdst 198.51.100.2 --ctdir ORIGINAL --ctstatus NONE -j ACCEPT
iptables -A INPUT -m helper --helper ftp -j ACCEPT
iptables -A OUTPUT -m owner --uid-owner 0-99 --gid-owner 0 --socket-exists -j ACCEPT
iptables -A OUTPUT -p tcp -m mark --mark 0x20/0xff -j NFQUEUE --queue-balance 0:3 --queue-bypass --queue-cpu-fanout
iptables -t security -A OUTPUT -p tcp -j ACCEPT
ip6tables -t mangle -A FORWARD -m hl --hl-lt 3 -j HL --hl-inc 1
ip6tables -t nat -A POSTROUTING -s fd00::/8 -o eth0 -j MASQUERADE --random
ip6tables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination '[2001:db8:1::10]:8080'
ip6tables -t raw -A PREROUTING -m rpfilter --validmark --accept-local -j ACCEPT
ip6tables -A FORWARD -m set --match-set lan6 src -p tcp -m tcp --dport 443 -j ACCEPT
ip6tables -A FORWARD -m rt --rt-type 0 --rt-segsleft 0:5 -j DROP
ip6tables -A FORWARD -m frag --fragid 0:100 --fragmore -j DROP
ip6tables -A FORWARD -m hbh --hbh-len 8 -j DROP
ip6tables -A FORWARD -m dst --dst-len 8 --dst-opts 1:2 -j DROP
ip6tables -A FORWARD -m ipv6header --header hop-by-hop,frag --soft -j DROP
ip6tables -A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type neighbour-solicitation -m hl --hl-eq 255 -j ACCEPT
ip6tables -A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 1/4 -j ACCEPT
ip6tables -A FORWARD -m eui64 -j ACCEPT
ip6tables -A FORWARD -p 135 -m mh --mh-type binding-refresh-request:careof-test-init -j ACCEPT
ip6tables -A FORWARD -j REJECT --reject-with icmp6-policy-fail
