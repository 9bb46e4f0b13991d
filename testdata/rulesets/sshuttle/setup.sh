# sshuttle's firewall helper with its nat method, given what `sshuttle --dns -r HOST 10.0.0.0/8 ...` would give it.
cat >/tmp/client.py <<'X'
import os, socket, subprocess, time
ours, theirs = socket.socketpair()
subprocess.Popen(["sshuttle", "--firewall", "--method", "nat"], stdin=theirs, stdout=theirs, start_new_session=True)
ours.recv(100)
ours.sendall(b"""ROUTES
2,8,0,10.0.0.0,0,0
2,16,1,10.9.0.0,0,0
2,32,0,203.0.113.7,80,443
10,32,0,2001:db8:ffff::,0,0
NSLIST
2,198.51.100.53
10,2001:db8::53
PORTS 12300,12301,12299,12298
GO 0 - 0x01 %d
""" % os.getpid())
time.sleep(40)
X
python3 /tmp/client.py &
sleep 5
