# Command of a hand, in the image of a machine: faults run in it. Variables: HARNESS_NETWORK, HARNESS_LABEL.
# What faults leave lies on the host, so that a hand that comes after this one finds it.
set -eu
own=/host/run/harness-$HARNESS_NETWORK
for what in faults holds disks; do
  mkdir -p "$own/harness-$what"
  ln -sfn "$own/harness-$what" "/run/harness-$what"
done

# Only what faults need, and only with what carries the network's label.
cat > /usr/local/bin/docker <<'DOCKER'
#!/bin/sh
real=/usr/bin/docker
refuse() { echo "docker $*: not an operation of a fault on network $HARNESS_NETWORK" >&2; exit 1; }
case ${1:-} in
  info | version | inspect) exec $real "$@" ;;
  ps) shift; exec $real ps --filter "label=$HARNESS_LABEL=$HARNESS_NETWORK" "$@" ;;
  service)
    [ "${2:-}" = scale ] || refuse "$@"
    shift 2
    n=$#
    while [ "$n" -gt 0 ]; do
      case $1 in -*) set -- "$@" "$1" ;; *) set -- "$@" "${HARNESS_NETWORK}_$1" ;; esac
      shift
      n=$((n - 1))
    done
    exec $real service scale "$@" ;;
  pause | unpause | kill | stop | start | restart | update | exec)
    for word; do
      case $word in *[!0-9a-f]* | '') continue ;; esac
      [ ${#word} -ge 12 ] || continue
      label=$($real inspect -f "{{index .Config.Labels \"$HARNESS_LABEL\"}}" "$word") || exit 1
      [ "$label" = "$HARNESS_NETWORK" ] || refuse "$@"
      exec $real "$@"
    done
    refuse "$@" ;;
  *) refuse "$@" ;;
esac
DOCKER
chmod +x /usr/local/bin/docker

# A hand that was lost took with it what would heal faults whose harness is gone.
for folder in "$own"/harness-faults/*/; do
  [ -d "$folder" ] || continue
  (
    before=$(stat -c %y "$folder/alive" 2>/dev/null || :)
    sleep 15
    [ "$before" = "$(stat -c %y "$folder/alive" 2>/dev/null || :)" ] || exit 0
    cd "$folder"
    for script in *.heal; do [ ! -e "$script" ] || timeout 20 sh "$script" || :; done
    cd / && rm -rf "$folder"
  ) &
done

trap 'exit 0' TERM
while :; do
  sleep 3600 &
  wait $! || :
done
