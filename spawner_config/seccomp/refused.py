"""The calls that were looked at and are refused, and why; a test sees that no call of the kernel was overlooked."""

from __future__ import annotations

from spawner_config.seccomp.rules import Architecture, Calls

REFUSED: tuple[Calls, ...] = (
    Calls(
        "mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr",
        "The file systems of a container are the lab's decision.",
    ),
    Calls("unshare setns", "A namespace of one's own brings back powers that were taken away."),
    Calls(
        "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_getfd",
        "Looking into and changing other processes. A run's cells must not reach its runner; Python's own debugger "
        "works inside its process.",
    ),
    Calls("io_uring_setup io_uring_enter io_uring_register", "A second way to most calls, past this very list."),
    Calls(
        "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents", "Databases' way to disks; no use here."
    ),
    Calls("bpf perf_event_open userfaultfd", "Programs in, and eyes on, the kernel: where most ways out began."),
    Calls("add_key request_key keyctl", "The kernel's key rings are not divided between containers."),
    Calls(
        "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self", "Filters of one's own; no use here."
    ),
    Calls("init_module finit_module delete_module kexec_load kexec_file_load reboot", "Another kernel."),
    Calls("swapon swapoff acct quotactl quotactl_fd nfsservctl", "The machine's disks and books."),
    Calls(
        "settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname syslog vhangup",
        "The machine's clock, name, log and terminal.",
    ),
    Calls("name_to_handle_at open_by_handle_at", "Files by number, past the folders that lead to them."),
    Calls(
        "fanotify_init fanotify_mark inotify_init1 inotify_add_watch inotify_rm_watch",
        "They tell when somebody else reads a file that two projects both see. Programs that watch files ask again "
        "and again instead.",
    ),
    Calls("sync syncfs", "They make the whole machine write, and tell by their time how much others have written."),
    Calls(
        "splice tee vmsplice remap_file_pages",
        "Pages shared between pipes and files, whose faults wrote to others' files.",
    ),
    Calls("memfd_create memfd_secret", "Files without a folder, from which a program can run where none may."),
    Calls(
        "mbind migrate_pages move_pages get_mempolicy set_mempolicy set_mempolicy_home_node",
        "Where in the machine memory lies, which tells of others; numerical libraries ask, and do without.",
    ),
    Calls(
        "shmget shmat shmdt shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink "
        "mq_timedsend mq_timedreceive mq_notify mq_getsetattr",
        "The older ways of sharing memory and messages; files in /dev/shm and sockets do it.",
    ),
    Calls(
        "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset",
        "A process stays who it is.",
    ),
    Calls("cachestat", "It tells which parts of a file were read lately, also by others; Polars does without."),
    Calls("lookup_dcookie map_shadow_stack", "Nothing that runs here asks for it."),
    Calls(
        "iopl ioperm modify_ldt set_thread_area get_thread_area uselib ustat sysfs _sysctl inotify_init",
        "Old words of this architecture for the same, and for 16-bit and 32-bit programs.",
        only=Architecture.X86_64,
    ),
    Calls(
        "afs_syscall create_module epoll_ctl_old epoll_wait_old get_kernel_syms getpmsg putpmsg query_module security "
        "tuxcall vserver",
        "Numbers that today's kernels no longer answer.",
        only=Architecture.X86_64,
    ),
)
