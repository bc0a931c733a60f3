/**
 * Shell scripts for a container's control group, found by the container's id: its path differs between the versions and
 * drivers of cgroups, its name does not (`<id>`, or `docker-<id>.scope` with systemd).
 *
 * They set `$v` to 1 or 2, and `$cpu`, `$acct`, `$mem`, `$freezer` to the folder of each controller (one and the same
 * in version 2).
 */
export const findCgroup = (containerId: string): string => `
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  v=2; cpu=$(find /sys/fs/cgroup -type d -name '*${containerId}*' | head -n 1)
  acct=$cpu mem=$cpu freezer=$cpu
else
  v=1; at() { find "/sys/fs/cgroup/$1" -type d -name '*${containerId}*' 2>/dev/null | head -n 1; }
  cpu=$(at cpu/) acct=$(at cpuacct/) mem=$(at memory/) freezer=$(at freezer/)
fi
`;

/** Prints the CPU time that the container has used, in microseconds. Needs {@link findCgroup}. */
export const CPU_USED = `
if [ $v = 2 ]; then awk '$1=="usage_usec" {print $2}' "$cpu/cpu.stat"
else echo $(($(cat "$acct/cpuacct.usage") / 1000)); fi
`;

/** Prints the CPU quota in microseconds a period, or -1. */
export const CPU_QUOTA = `
if [ $v = 2 ]; then awk '{print $1 == "max" ? -1 : $1}' "$cpu/cpu.max"; else cat "$cpu/cpu.cfs_quota_us"; fi
`;

/** Sets the quota to what is in \`$quota\` (microseconds a period, or -1). */
export const SET_CPU_QUOTA = `
if [ $v = 1 ]; then echo "$quota" > "$cpu/cpu.cfs_quota_us"
elif [ "$quota" = -1 ]; then echo max > "$cpu/cpu.max"
else echo "$quota" > "$cpu/cpu.max"; fi
`;

/** Prints the length of a quota's period in microseconds. */
export const CPU_PERIOD = `
if [ $v = 2 ]; then awk '{print $2}' "$cpu/cpu.max"; else cat "$cpu/cpu.cfs_period_us"; fi
`;

/** Prints how many periods were there, and in how many the container was held back. */
export const CPU_THROTTLED = `awk '/^nr_periods/ {p=$2} /^nr_throttled/ {t=$2} END {print p+0, t+0}' "$cpu/cpu.stat"`;

/** Puts the running shell, and what it starts, into the CPU group of the container. */
export const JOIN_CPU = `echo $$ > "$cpu/cgroup.procs"`;
