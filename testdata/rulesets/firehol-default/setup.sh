# The package's own firehol.conf: everything out, nothing in, both families.
# The package asks for the legacy tools by name; on the nft side it is told the plain names.
[ "$BACKEND" = nft ] && sed -i s,tables-legacy,tables,g /usr/lib/firehol/install.config
echo "START_FIREHOL=YES" >>/etc/default/firehol
mkdir -p /var/spool/firehol /var/run/firehol
firehol /etc/firehol/firehol.conf start
