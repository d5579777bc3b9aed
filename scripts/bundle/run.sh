#!/bin/sh
# Answers what this machine's GPU does with aofd, within a few minutes: see README.md beside this file.
# Needs x86-64 Linux with glibc 2.34 or newer; no root, no network, nothing installed but a GPU driver.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
if ! "$here/bin/node" --version >/dev/null 2>&1; then
  # Only where the machine lacks them: a driver may need newer ones than these.
  LD_LIBRARY_PATH="$here/lib/fallback${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  export LD_LIBRARY_PATH
  if ! "$here/bin/node" --version >/dev/null; then
    echo "run.sh: $here/bin/node does not start here. It needs x86-64 Linux with glibc 2.34 or newer, and a folder that allows programs to run." >&2
    exit 1
  fi
fi
exec "$here/bin/node" "$here/app/scripts/bundle/on-site/main.js" "$@"
