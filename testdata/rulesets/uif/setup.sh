# The package's own uif.conf with a few services, NAT, limits and rejections of our own.
cat >/etc/uif/uif-ipv4-networks.inc <<'X'
network {
    localhost   127.0.0.1
    all         0.0.0.0/0
    trusted     192.168.1.0/24
    web         192.168.1.10
}
X
cat >/etc/uif/uif-ipv6-networks.inc <<'X'
network {
    localhost   ::1
    all         ::/0
    trusted     2001:db8:1::/64
    web         2001:db8:1::10
}
X
cat >/etc/uif/uif.conf.d/own.conf <<'X'
interface {
    ext      eth0
    int      eth1
}
filter {
    in+  i=int s=trusted p=ssh,http
    in+  i=ext p=http,https f=log(web)
    in+  i=ext p=ssh f=limit(3/minute)
    in-  i=ext s=trusted f=log(spoofed),reject
    fw+  i=int o=ext s=trusted
    fw>  o=ext
    slin- i=ext
}
masquerade {
    masq+ o=ext s=trusted
    nat+ i=ext p=http D=web
}
X
[ "$BACKEND" = nft ] && backend=iptables-nft || backend=iptables-legacy
printf 'sysconfig {\n    FilterCommand %s\n}\n' $backend >/etc/uif/uif.conf.d/backend.conf
uif -c /etc/uif/uif.conf
uif -6 -c /etc/uif/uif.conf
