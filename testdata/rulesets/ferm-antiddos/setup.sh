# The package's own example antiddos.ferm, unchanged but for a comma that this version of ferm refuses. ferm prefers the legacy tools where it finds them.
[ "$BACKEND" = nft ] && rm -f /usr/sbin/*-legacy*
sed 's/(80, 443)/(80 443)/' /usr/share/doc/ferm/examples/antiddos.ferm >/tmp/f.ferm
ferm /tmp/f.ferm
