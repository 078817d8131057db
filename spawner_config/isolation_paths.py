"""Which of the kernel's files a container does not see, and which it sees but cannot write."""

from __future__ import annotations

MASKED_FOR = {
    "The engine's own list: memory, keys, firmware and heat of the machine.": (
        "/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug "
        "/proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual /sys/firmware"
    ),
    "Who holds which lock, which is one project's message to another; how many keys and control groups there are.": (
        "/proc/cgroups /proc/key-users /proc/locks"
    ),
    "Counts of what the whole machine does, from moment to moment.": (
        "/proc/buddyinfo /proc/diskstats /proc/kpagecgroup /proc/kpagecount /proc/kpageflags /proc/pagetypeinfo "
        "/proc/pressure /proc/schedstat /proc/slabinfo /proc/softirqs /proc/swaps /proc/vmallocinfo /proc/vmstat "
        "/proc/zoneinfo"
    ),
    "The kernel's symbols, messages, settings and modules, which an attack on it would want.": (
        "/proc/cmdline /proc/config.gz /proc/kallsyms /proc/kmsg /proc/misc /proc/modules /sys/kernel /sys/module"
    ),
    "The machine's disks, devices and file systems. What is told of its processors stays for numerical libraries.": (
        "/proc/consoles /proc/driver /proc/fs /proc/iomem /proc/ioports /proc/partitions /proc/tty /sys/block "
        "/sys/bus /sys/class /sys/dev /sys/devices/LNXSYSTM:00 /sys/devices/pci0000:00 /sys/devices/platform "
        "/sys/devices/pnp0 /sys/fs/bpf /sys/fs/btrfs /sys/fs/erofs /sys/fs/ext4 /sys/fs/fuse /sys/fs/pstore "
        "/sys/fs/xfs /sys/hypervisor /sys/power"
    ),
}
"""Reason → what is hidden for it; those that a kernel does not have are passed over by the engine."""

MASKED = tuple(sorted(path for paths in MASKED_FOR.values() for path in paths.split()))
"""What reads as empty."""

READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
"""The engine's list: switches of the kernel."""
