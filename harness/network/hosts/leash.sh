# Command of a leash: a container whose standard input is a process of the harness on another host. When that ends
# without the word "release", however it came about, everything of the network on this host goes, and on a manager what
# the swarm has of it. Variables: HARNESS_NETWORK, HARNESS_LABEL, HARNESS_COMPONENT_LABEL, HARNESS_NODE_LABEL,
# HARNESS_SWEEP (yes or no).
read -r word || word=
[ "$word" != release ] && [ "$HARNESS_SWEEP" = yes ] || exit 0
mine="label=$HARNESS_LABEL=$HARNESS_NETWORK"
self=$(hostname)

if docker node ls >/dev/null 2>&1; then
  docker service ls -q --filter "$mine" | xargs -r docker service rm >/dev/null
  docker secret ls -q --filter "$mine" | xargs -r docker secret rm >/dev/null
  docker config ls -q --filter "$mine" | xargs -r docker config rm >/dev/null
  docker node ls -q | while read -r node; do
    docker node update --label-rm "$HARNESS_NODE_LABEL" --label-rm "$HARNESS_NODE_LABEL.host" "$node" >/dev/null 2>&1 || :
  done
fi

# The Swarm ends its tasks itself, the agent before its hand; what is left after that is removed by force.
tries=120
while [ "$tries" -gt 0 ] && [ -n "$(docker ps -q --filter "$mine" | grep -v "^$self")" ]; do
  sleep 0.5
  tries=$((tries - 1))
done
docker ps -aq --filter "$mine" | grep -v "^$self" | xargs -r docker rm -fv >/dev/null
docker volume ls -q --filter "$mine" | xargs -r docker volume rm -f >/dev/null
tries=40
while [ "$tries" -gt 0 ] && [ -n "$(docker network ls -q --filter "$mine")" ]; do
  docker network ls -q --filter "$mine" | xargs -r docker network rm >/dev/null 2>&1
  sleep 0.5
  tries=$((tries - 1))
done
