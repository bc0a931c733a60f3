#!/bin/sh
# Supervises a private Docker engine: containerd first (dockerd waits a second for one that it starts itself), then
# dockerd, both with their own folders. Ends both once nothing uses them: no container exists and no lease names a
# living process. So a killed harness leaves no process behind, and nothing has to be stopped by hand.
#
# Whichever of the two is killed is started again; what ran in it is then ended by dockerd, as it does at each start.
# A supervisor that is killed leaves both running: the next one, started with the same folders, takes them over.
#
# private-engine.sh DATA RUN IDLE_SECONDS MTU
#   DATA  data root (kept: the images)     RUN  sockets, pid files, leases, logs (removed at the end)
set -u
data=$1 run=$2 idle=$3 mtu=$4
mkdir -p "$data" "$run/leases"

# Whether the process that a pid file names is the one that was started with our folders.
lives() {
  pid=$(cat "$run/$1.pid" 2>/dev/null) && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$run/"
}

start_containerd() {
  containerd --root "$data/containerd" --state "$run/containerd" --address "$run/containerd.sock" \
    --log-level warn >>"$run/containerd.log" 2>&1 &
  echo $! >"$run/containerd.pid"
  n=0
  while [ ! -S "$run/containerd.sock" ] && [ $n -lt 250 ]; do sleep 0.02; n=$((n + 1)); done
}

# Who binds a socket that is not there gets a folder in its place: a container that outlived its engine may have.
start_dockerd() {
  if [ -d "$run/docker.sock" ]; then rmdir "$run/docker.sock"; else rm -f "$run/docker.sock"; fi
  rm -f "$run/dockerd.own"
  dockerd --data-root "$data/docker" --exec-root "$run/exec" --pidfile "$run/dockerd.own" \
    --containerd "$run/containerd.sock" --host "unix://$run/docker.sock" --group root --mtu "$mtu" \
    >>"$run/dockerd.log" 2>&1 &
  # In a file of its own: dockerd refuses to start where its pid file is there already.
  echo $! >"$run/dockerd.pid"
}

end() {
  if lives "$1"; then kill "$pid" 2>/dev/null; fi
  while lives "$1"; do sleep 0.1; done
}

stop() {
  trap '' TERM INT HUP
  end dockerd
  end containerd
  # A dockerd that was killed has left its data root mounted on itself.
  while umount "$data/docker" 2>/dev/null; do :; done
  rm -f "$run"/*.sock "$run"/*.pid "$run"/*.own "$run/supervisor" "$run/arguments"
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

if ! lives containerd; then
  rm -f "$run/containerd.sock" "$run/containerd.log"
  start_containerd
fi
if ! lives dockerd; then
  rm -f "$run/dockerd.log"
  start_dockerd
fi

quiet=0
while :; do
  sleep 1 &
  wait $!
  if leased || [ -n "$(ls -A "$data/docker/containers" 2>/dev/null)" ]; then quiet=0; else quiet=$((quiet + 1)); fi
  [ "$quiet" -lt "$idle" ] || stop
  if lives containerd && lives dockerd; then continue; fi
  # One that never came up would not the second time either; its socket tells.
  [ -S "$run/docker.sock" ] || stop
  lives containerd || { rm -f "$run/containerd.sock"; start_containerd; }
  lives dockerd || start_dockerd
done
