# Command of the agent, a Swarm service with a task on each host of the network: it keeps a hand there. A task of the
# Swarm cannot be in its host's process namespace, a container that the host's engine starts can.
# Variables: HARNESS_NETWORK, HARNESS_LABEL, HARNESS_ROLE_LABEL, HARNESS_IMAGE, HARNESS_HAND (its command, in base64).
set -eu
name=$HARNESS_NETWORK-hand
root=$(docker info -f '{{.DockerRootDir}}')

end() {
  # What is still in force ends with the network.
  docker exec "$name" sh -c '
    for s in /run/harness-faults/*/*.heal; do [ ! -e "$s" ] || timeout 20 sh "$s"; done
    rm -rf "/host/run/harness-$HARNESS_NETWORK" "$(docker info -f "{{.DockerRootDir}}")/harness-logs-$HARNESS_NETWORK"' >/dev/null 2>&1 || :
  docker rm -fv "$name" >/dev/null 2>&1 || :
  exit 0
}
trap end TERM INT

start() {
  docker rm -fv "$name" >/dev/null 2>&1 || :
  docker volume create --label "$HARNESS_LABEL=$HARNESS_NETWORK" "${HARNESS_NETWORK}_state" >/dev/null
  docker run -d --name "$name" --privileged --pid host --network host --cgroupns host \
    --label "$HARNESS_LABEL=$HARNESS_NETWORK" --label "$HARNESS_ROLE_LABEL=hand" \
    -e "HARNESS_NETWORK=$HARNESS_NETWORK" -e "HARNESS_LABEL=$HARNESS_LABEL" \
    -v /var/run/docker.sock:/var/run/docker.sock -v /run:/host/run:rshared -v "$root:$root:rshared" \
    -v /sys/fs/cgroup:/sys/fs/cgroup -v "${HARNESS_NETWORK}_state:/var/lib/harness" \
    --entrypoint sh "$HARNESS_IMAGE" -c "$(printf %s "$HARNESS_HAND" | base64 -d)" >/dev/null
}

while :; do
  start
  docker wait "$name" >/dev/null 2>&1 &
  wait $! || :
  sleep 1 &
  wait $! || :
done
