# The package's own example webserver.ferm, unchanged. ferm prefers the legacy tools where it finds them.
[ "$BACKEND" = nft ] && rm -f /usr/sbin/*-legacy*
sed 's/(80, 443)/(80 443)/' /usr/share/doc/ferm/examples/webserver.ferm >/tmp/f.ferm
ferm /tmp/f.ferm
