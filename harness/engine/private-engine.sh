#!/bin/sh
# Supervises a private Docker engine: containerd first (dockerd waits a second for one that it starts itself), then
# dockerd, both with their own folders. Ends both once nothing uses them: no container exists and no lease names a
# living process. So a killed harness leaves no process behind, and nothing has to be stopped by hand.
#
# private-engine.sh DATA RUN IDLE_SECONDS MTU
#   DATA  data root (kept: the images)     RUN  sockets, pid files, leases, logs (removed at the end)
set -u
data=$1 run=$2 idle=$3 mtu=$4
mkdir -p "$data" "$run/leases"

containerd --root "$data/containerd" --state "$run/containerd" --address "$run/containerd.sock" \
  --log-level warn >"$run/containerd.log" 2>&1 &
containerd=$!
n=0
while [ ! -S "$run/containerd.sock" ] && [ $n -lt 250 ]; do sleep 0.02; n=$((n + 1)); done

# Who binds a socket that is not there gets a folder in its place: a container that outlived its engine may have.
[ ! -d "$run/docker.sock" ] || rmdir "$run/docker.sock"
dockerd --data-root "$data/docker" --exec-root "$run/exec" --pidfile "$run/dockerd.pid" \
  --containerd "$run/containerd.sock" --host "unix://$run/docker.sock" --group root --mtu "$mtu" \
  >"$run/dockerd.log" 2>&1 &
dockerd=$!

stop() {
  trap '' TERM INT HUP
  kill "$dockerd" 2>/dev/null
  wait "$dockerd" 2>/dev/null
  kill "$containerd" 2>/dev/null
  wait "$containerd" 2>/dev/null
  rm -f "$run"/*.sock "$run"/*.pid "$run/supervisor"
  exit 0
}
trap stop TERM INT HUP

leased() {
  for lease in "$run"/leases/*; do
    [ -e "$lease" ] || continue
    if kill -0 "${lease##*/}" 2>/dev/null; then return 0; fi
    rm -f "$lease"
  done
  return 1
}

quiet=0
while kill -0 "$dockerd" 2>/dev/null; do
  sleep 1 &
  wait $!
  if leased || [ -n "$(ls -A "$data/docker/containers" 2>/dev/null)" ]; then quiet=0; else quiet=$((quiet + 1)); fi
  [ "$quiet" -lt "$idle" ] || stop
done
stop
