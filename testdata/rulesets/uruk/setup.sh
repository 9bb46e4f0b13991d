# The package's own example rc, its interfaces given addresses of ours.
sed 's/^interfaces=.*/interfaces="eth0 eth1"/' /usr/share/doc/uruk/examples/rc >/etc/uruk/rc
uruk
