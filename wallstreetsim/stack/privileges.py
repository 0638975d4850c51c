"""Running PostgreSQL, which refuses to be root, when we are root.

It becomes an ordinary user that keeps one capability of root's, to pass file permissions by. So
nobody's permissions are loosened, and it works in a clone that only root may enter.
"""

import ctypes
import os
import pwd
import sys
from pathlib import Path

from wallstreetsim.stack import StackError

PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP = 28, 1 << 2
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def is_root() -> bool:
    return os.geteuid() == 0


def give_to_postgres(directory: Path, *, like: Path) -> None:
    """Hand `directory` to the user that PostgreSQL will run as on the data directory `like`."""
    if is_root():
        user = _user_of(like)
        os.chown(directory, user.pw_uid, user.pw_gid)


def become_owner_of(data: Path) -> None:
    """Turn this process, if it is root, into the ordinary user that owns the cluster `data`."""
    if not is_root():
        return
    user = _user_of(data)
    if sys.platform == "linux":
        # Capabilities survive the change of user, and access(2), by which PostgreSQL finds its own
        # programs, goes by them too.
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    if sys.platform == "linux":
        _keep_only(CAP_DAC_OVERRIDE)


def _user_of(data: Path) -> pwd.struct_passwd:
    """Return the owner of an existing cluster (an ordinary user's earlier run), else `nobody`."""
    owner = data.stat().st_uid if data.exists() else 0
    try:
        return pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise StackError(
            "PostgreSQL will not run as root and there is no user to run it as: set DATABASE_URL"
        ) from None


def _keep_only(capability: int) -> None:
    """Give up every other capability, and keep this one across exec."""
    header, only = _Header(CAPABILITY_VERSION_3, 0), 1 << capability
    sets = (_Sets * 2)(_Sets(only, only, only), _Sets(0, 0, 0))
    _checked(_libc().capset(ctypes.byref(header), ctypes.byref(sets)))
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _prctl(option: int, *arguments: int) -> int:
    return _checked(_libc().prctl(option, *map(ctypes.c_ulong, arguments)))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
