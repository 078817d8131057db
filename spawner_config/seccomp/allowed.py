"""The calls that a container may make. What is not here is refused; what is refused on purpose is in ``refused``.

It was found by running what the lab's image holds (JupyterLab with kernels, terminals and debugger, papermill, Polars,
pandas, pyarrow, Matplotlib, the lab's own programs) and by asking of each call that they can do without: what for?
"""

from __future__ import annotations

from spawner_config.seccomp.rules import Architecture, Argument, Calls

UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
STREAM, DATAGRAM = 1, 2
KIND = 0xF
"""The bits of a socket's type that are not flags."""
TCP, UDP, ROUTE = 6, 17, 0
NEW_NAMESPACES = 0x7E020000
"""``CLONE_NEWNS``, ``NEWCGROUP``, ``NEWUTS``, ``NEWIPC``, ``NEWUSER``, ``NEWPID`` and ``NEWNET``."""
FILE_TYPE, REGULAR, FIFO, SOCKET_FILE = 0o170000, 0o100000, 0o010000, 0o140000
SAME_PERSONALITY, ASK_PERSONALITY = 0, 0xFFFFFFFF
DESCRIPTOR_COMMANDS = (
    *range(17),  # F_DUPFD to F_GETOWN_EX: copies, flags, locks, owners
    *(36, 37, 38),  # F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW
    *(1030, 1031, 1032),  # F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ
)

ALLOWED: tuple[Calls, ...] = (
    Calls("read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek", "Reading and writing."),
    Calls(
        "openat openat2 close close_range dup dup3 truncate ftruncate fallocate fadvise64 readahead sendfile "
        "copy_file_range",
        "Opening, closing and copying files.",
    ),
    Calls("fsync fdatasync sync_file_range", "Bringing one's own files safely to disk."),
    Calls(
        "fstat newfstatat statx statfs fstatfs faccessat faccessat2 readlinkat getdents64 getcwd chdir fchdir umask",
        "Looking at files and folders.",
    ),
    Calls(
        "mkdirat unlinkat renameat renameat2 linkat symlinkat fchmod fchmodat fchmodat2 fchown fchownat utimensat",
        "Making, moving and removing files and folders.",
    ),
    Calls(
        "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr removexattr "
        "lremovexattr fremovexattr",
        "Attributes of files, which copying programs keep.",
    ),
    Calls("flock", "Locks on one's own files: SQLite, caches, package tools."),
    Calls(
        "fcntl",
        "Descriptors and locks. Not among the commands: F_NOTIFY and leases, which tell when others open a file.",
        when=tuple((Argument(1, command),) for command in DESCRIPTOR_COMMANDS),
    ),
    Calls(
        "mknodat",
        "Pipes and sockets with a name, never devices.",
        when=tuple((Argument(2, kind, FILE_TYPE),) for kind in (0, REGULAR, FIFO, SOCKET_FILE)),
    ),
    Calls("pipe2 eventfd2 signalfd4 timerfd_create timerfd_settime timerfd_gettime", "What event loops are made of."),
    Calls("epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 ppoll pselect6", "Waiting for several things at once."),
    Calls("ioctl", "Terminals and the state of descriptors; there is no device but the harmless ones."),
    Calls(
        "mmap munmap mremap mprotect msync mincore madvise brk mlock mlock2 munlock mlockall munlockall membarrier "
        "pkey_alloc pkey_free pkey_mprotect",
        "Memory. What is locked is bounded by a limit; code made at run time is how numerical libraries compile.",
    ),
    Calls(
        "clone",
        "Processes and threads, none of them in a namespace of its own.",
        when=((Argument(0, 0, NEW_NAMESPACES),),),
    ),
    Calls(
        "execve execveat exit exit_group wait4 waitid kill tkill tgkill pidfd_open pidfd_send_signal",
        "Starting, ending and waiting for one's own processes.",
    ),
    Calls(
        "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigqueueinfo "
        "rt_tgsigqueueinfo sigaltstack restart_syscall",
        "Signals between one's own processes.",
    ),
    Calls(
        "futex futex_waitv futex_wait futex_wake futex_requeue set_robust_list get_robust_list set_tid_address rseq "
        "gettid getcpu",
        "Threads and what they wait for.",
    ),
    Calls(
        "sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_setparam sched_getscheduler "
        "sched_setscheduler sched_getattr sched_setattr sched_get_priority_max sched_get_priority_min "
        "sched_rr_get_interval getpriority setpriority ioprio_get ioprio_set",
        "How one's own threads share the container's cores; more than its share is not to be had without a power.",
    ),
    Calls(
        "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday times getitimer setitimer timer_create "
        "timer_settime timer_gettime timer_getoverrun timer_delete",
        "Reading clocks, sleeping, timers.",
    ),
    Calls(
        "getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgid setpgid getsid setsid "
        "uname sysinfo getrusage prlimit64 getrlimit setrlimit capget getrandom",
        "What a process may know of itself, and narrower limits for it.",
    ),
    Calls("prctl", "Names of threads, a signal when the parent ends, and the lab's own “let nobody trace me”."),
    Calls(
        "personality",
        "Asking which it is, or staying with the usual one; others make old attacks easier.",
        when=((Argument(0, SAME_PERSONALITY),), (Argument(0, ASK_PERSONALITY),)),
    ),
    Calls(
        "socket",
        "Sockets between one's own processes, on the loopback and with a name, and the kernel's list of interfaces, "
        "which ZeroMQ asks for. No other family, no raw ones, and of protocols TCP and UDP alone.",
        when=(
            (Argument(0, UNIX), Argument(1, STREAM, KIND)),
            (Argument(0, UNIX), Argument(1, DATAGRAM, KIND)),
            *(
                (Argument(0, family), Argument(1, kind, KIND), Argument(2, protocol))
                for family in (INET, INET6)
                for kind, protocols in ((STREAM, (0, TCP)), (DATAGRAM, (0, UDP)))
                for protocol in protocols
            ),
            (Argument(0, NETLINK), Argument(2, ROUTE)),
        ),
    ),
    Calls("socketpair", "Pairs between one's own processes.", when=((Argument(0, UNIX),),)),
    Calls(
        "bind listen connect accept accept4 getsockname getpeername getsockopt setsockopt sendto recvfrom sendmsg "
        "recvmsg sendmmsg recvmmsg shutdown",
        "What one does with these sockets.",
    ),
    Calls(
        "access stat lstat open creat readlink getdents mkdir rmdir unlink rename link symlink chmod chown lchown "
        "utime utimes futimesat pipe dup2 eventfd signalfd epoll_create epoll_wait poll select alarm pause fork vfork "
        "getpgrp time arch_prctl",
        "Older words for the same, and where a thread keeps its own data.",
        only=Architecture.X86_64,
    ),
    Calls(
        "mknod",
        "Pipes and sockets with a name, never devices.",
        when=tuple((Argument(1, kind, FILE_TYPE),) for kind in (0, REGULAR, FIFO, SOCKET_FILE)),
        only=Architecture.X86_64,
    ),
)

ANSWERED_AS_MISSING: tuple[Calls, ...] = (
    Calls(
        "clone3",
        "Its flags lie in memory, where a filter cannot see whether a namespace is asked for; programs go on with "
        "clone when it is missing.",
    ),
)
"""Calls that are answered as a kernel would that does not have them, so that programs take the older way."""
