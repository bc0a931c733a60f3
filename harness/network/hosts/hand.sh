# Command of a hand, in the image of a machine: faults run in it. Variables: HARNESS_NETWORK, HARNESS_LABEL.
# What faults leave lies on the host, so that a hand that comes after this one finds it.
set -eu
own=/host/run/harness-$HARNESS_NETWORK
for what in faults holds disks; do
  mkdir -p "$own/harness-$what"
  ln -sfn "$own/harness-$what" "/run/harness-$what"
done

cat > /usr/local/bin/docker <<'DOCKER'
@DOCKER@
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
