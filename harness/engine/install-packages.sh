#!/bin/sh
# Installs Debian packages without starting what they bring, and writes down which are new. Goes on to its end, and tidies
# up, when the process that started it is killed.
#
# install-packages.sh RECORD PACKAGE...
#   RECORD  file that gets the names of the packages that were not there before, one a line
set -eu
record=$1
shift
# The documented way to keep a package's services from starting; used only where the user has none.
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
mark='# fabric-swarm-harness: no service starts while packages are installed'
before=$(mktemp)

installed() { dpkg-query -W -f '${db:Status-Abbrev}${binary:Package}\n' | sed -n 's/^ii //p' | sort -u; }
marked() { grep -qxF "$mark" "$policy" 2>/dev/null; }
tidy() {
  ! marked || rm -f "$policy"
  rm -f "$before"
}
trap tidy EXIT
trap 'exit 130' INT TERM HUP

installed > "$before"
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" > "$policy"
  chmod 755 "$policy"
fi
apt-get -q update
apt-get -q install -y --no-install-recommends "$@"

mkdir -p "${record%/*}"
new=$(installed | comm -13 "$before" -)
[ -z "$new" ] || printf '%s\n' "$new" >> "$record"
# A package enables its services for the next boot as well.
if command -v systemctl > /dev/null && printf '%s\n' "$new" | grep -q '^docker\.io'; then
  systemctl disable docker.service docker.socket || :
fi
