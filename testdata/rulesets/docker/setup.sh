# dockerd with its default bridge, a user network, an internal network, and containers with published ports.
export container=docker
mkdir -p /sys/fs/cgroup
dockerd --storage-driver vfs --data-root /run/docker-data --ipv6 --fixed-cidr-v6 fd00:d0c::/64 --ip6tables --experimental >/run/dockerd.log 2>&1 &
daemon=$!
n=0; until docker version >/dev/null 2>&1 || [ $n = 100 ]; do sleep 0.3; n=$((n + 1)); done
mkdir -p /tmp/image/bin && cp /bin/busybox /tmp/image/bin/ && ln -s busybox /tmp/image/bin/sleep && tar -C /tmp/image -c . | docker import - box
docker network create --subnet 172.30.0.0/24 app
docker network create --internal back
docker run -d --name web -p 8080:80 -p 127.0.0.1:9000:9000/udp box sleep 300
docker run -d --name db --network app -p 5432:5432 -p 6000-6002:6000-6002 box sleep 300
docker network connect back db
iptables -I DOCKER-USER -i eth0 ! -s 203.0.113.0/24 -j DROP
tail -5 /run/dockerd.log
docker ps
