#!/bin/sh
# `docker` as faults have it, in a hand: only what they need, and only with what carries the network's label.
real=${HARNESS_REAL_DOCKER:-/usr/bin/docker}
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
