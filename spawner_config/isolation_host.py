"""What holds a container from the host's side: the flags of the mounts under its folders, and the host's one door.

Plain values; who mounts and who goes through the door is the host's adapter.
"""

from __future__ import annotations

POWERLESS = "nosuid,nodev,noexec"
"""No file on a mount gives another user's powers, is a device, or is executed."""
DISK_FLAGS = f"loop,{POWERLESS}"
"""A project's disk and a work's: an image of a fixed size, so that whoever fills it fills nothing else."""
SOCKET_FOLDER_FLAGS = f"size=64k,nr_inodes=8,nosymfollow,{POWERLESS},mode=0711"
"""Where a workspace makes its socket: room for nothing else, and no link that could aim elsewhere."""

PROGRESS_FOLDER_FLAGS = f"size=64k,nr_inodes=8,nosymfollow,{POWERLESS},mode=0755"
"""Where a run tells its progress, which the lab reads: room for a few bytes, and for nothing that others need."""

SHOWN_AGAIN = "--bind"
"""How a folder is mounted a second time, without what is mounted below it."""
FLAGS_ANEW = "remount,bind"
"""Gives a folder that was mounted a second time flags of its own; the first mount keeps its."""
LETS_IN = "--make-shared"
"""What is mounted below such a folder arrives in name spaces that were made before."""
SEALED_DEVICE = "--read-only"
"""A loop device through which nothing is written, whoever mounts it."""


def progress_folder_flags(uid: int) -> str:
    """Return the mount options of the few bytes in which a run tells its progress, which belong to its user."""
    return f"{PROGRESS_FOLDER_FLAGS},uid={uid},gid={uid}"


def socket_folder_flags(uid: int) -> str:
    """Return the mount options of the small file system for a workspace's socket, which belongs to its user."""
    return f"{SOCKET_FOLDER_FLAGS},uid={uid},gid={uid}"


ROOTS_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
"""Where the machine's own programs for disks and mounts are; an image's path names other places."""
DOOR = (
    "--rm",
    "--user=0",
    "--pid=host",
    "--network=none",
    f"--env=PATH={ROOTS_PATH}",
    "--cap-drop=ALL",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
)
"""The container through which a member of the docker group mounts in the host's own name spaces."""
DOOR_POWERS = ("SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE", "CHOWN", "DAC_OVERRIDE", "FOWNER")
"""Enter the mount name space and mount there; change owners and modes; remove what belongs to others."""
DOOR_DEVICES = ("b 7:* rwm", "c 10:237 rwm")
"""Loop devices, and the one that makes them."""


def door(label: str, image: str, pid: int) -> tuple[str, ...]:
    """Return the words that run a command as root in the name spaces of a process of the host."""
    powers = [f"--cap-add={name}" for name in DOOR_POWERS]
    devices = [f"--device-cgroup-rule={rule}" for rule in DOOR_DEVICES]
    enter = ("nsenter", "--target", str(pid), "--mount", "--")
    return ("docker", "run", "--label", label, *DOOR, *powers, *devices, image, *enter)
