# Pacemaker's portblock resource agent.
export OCF_ROOT=/usr/lib/ocf OCF_RESKEY_protocol=tcp OCF_RESKEY_portno=3306,5432 OCF_RESKEY_action=block OCF_RESKEY_ip=198.51.100.2 OCF_RESOURCE_INSTANCE=b HA_RSCTMP=/tmp
/usr/lib/ocf/resource.d/heartbeat/portblock start
OCF_RESKEY_protocol=udp OCF_RESKEY_portno=5000:5010 OCF_RESKEY_ip=0.0.0.0/0 OCF_RESKEY_direction=both OCF_RESOURCE_INSTANCE=c /usr/lib/ocf/resource.d/heartbeat/portblock start
OCF_RESKEY_portno=8080 OCF_RESKEY_direction=out OCF_RESKEY_method=reject OCF_RESOURCE_INSTANCE=d /usr/lib/ocf/resource.d/heartbeat/portblock start
