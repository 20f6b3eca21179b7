"""Which disks are shared with other machines, where the locks of SQLite do not hold."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["shared_file_system"]

# As Linux names them: between machines, and between a host and its guest.
_SHARED = re.compile(
    "9p|acfs|afs|beegfs|ceph|cifs|coda|dvs|fhgfs|gfs2?|glusterfs|gpfs|lustre|mfs|ncpfs|nfs4?|ocfs2|"
    "orangefs|panfs|prl_fs|pvfs2|quobyte|smb[23]|smbfs|vboxsf|virtiofs|vmhgfs|wekafs|"
    r"fuse\..+"
)
# What FUSE brings may lie anywhere. These lie on a disk of this machine.
_LOCAL = re.compile(
    r"fuse\.(bindfs|encfs|ext2|exfat|fuse-ext2|fuse-overlayfs|gocryptfs|mergerfs|ntfs|ntfs-3g|"
    "securefs|unionfs|unionfs-fuse)"
)


def shared_file_system(path: Path) -> str | None:
    """The type of the file system a path is on, if other machines may use it too.

    None where it is a disk of this machine, and where the system cannot say.
    """
    kind = _file_system(path)
    return kind if _SHARED.fullmatch(kind) and not _LOCAL.fullmatch(kind) else None


def _file_system(path: Path) -> str:
    """The type as Linux names it; empty where it cannot say."""
    try:
        mounts = Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    target = os.path.realpath(path)
    best, kind = "", ""
    for line in mounts:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
