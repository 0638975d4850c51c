"""What the operating system lets a process of ours have."""

import resource

OPEN_FILES = 65_536  # every spectator is one


def raise_open_files() -> None:
    """Let this process, and those that it starts, have as many files open as they may."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
