"""Build the frozen app and prove that it works: python packaging/build.py

Makes ``dist/boxtrail/``, reports its size and the largest parts, then runs its
``--selftest`` with an empty environment, as on a machine without Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"


def build() -> Path:
    """Run PyInstaller; returns the folder of the frozen app."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    command += ["--distpath", str(DIST), "--workpath", str(ROOT / "build")]
    subprocess.run([*command, str(ROOT / "packaging" / "boxtrail.spec")], check=True, cwd=ROOT)
    return DIST / "boxtrail"


def report(folder: Path) -> None:
    """Print the size of the bundle and its ten largest files."""
    sizes = {p: p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()}
    print(f"{folder.relative_to(ROOT)}: {sum(sizes.values()) / 1e6:.0f} MB in {len(sizes)} files")
    for path, size in sorted(sizes.items(), key=lambda item: -item[1])[:10]:
        print(f"  {size / 1e6:7.1f} MB  {path.relative_to(folder)}")


def selftest(folder: Path) -> int:
    """Run the frozen app's self-test away from the source tree."""
    program = folder / ("boxtrail.exe" if os.name == "nt" else "boxtrail")
    keep = ("HOME", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "LOCALAPPDATA", "APPDATA")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    began = time.perf_counter()
    done = subprocess.run([str(program), "--selftest"], env=environment, cwd=folder, check=False)
    print(f"self-test: exit {done.returncode} after {time.perf_counter() - began:.1f} s")
    return done.returncode


if __name__ == "__main__":
    bundle = build()
    report(bundle)
    sys.exit(selftest(bundle))
