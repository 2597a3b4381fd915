#!/bin/sh
# Puts the program, its icon and its menu entry where Linux desktops look for them.
#
#   assets/install.sh              into ~/.local
#   assets/install.sh /usr/local   into another place
#   assets/install.sh --remove [PLACE]

set -eu
remove=
if [ "${1:-}" = --remove ]; then
    remove=yes
    shift
fi
place=${1:-$HOME/.local}
assets=$(cd "$(dirname "$0")" && pwd)
program=$assets/../target/release/puma
share=$place/share

put() {
    if [ -n "$remove" ]; then
        rm -f "$3"
    else
        install -D -m "$1" "$2" "$3"
    fi
}

if [ -z "$remove" ] && [ ! -x "$program" ]; then
    echo "build the program first: cargo build --release" >&2
    exit 1
fi
put 755 "$program" "$place/bin/puma"
put 644 "$assets/puma.desktop" "$share/applications/puma.desktop"
put 644 "$assets/puma.metainfo.xml" "$share/metainfo/puma.metainfo.xml"
put 644 "$assets/icon.svg" "$share/icons/hicolor/scalable/apps/puma.svg"
for side in 16 24 32 48 64 128 256 512; do
    put 644 "$assets/icons/puma-$side.png" "$share/icons/hicolor/${side}x$side/apps/puma.png"
done
if command -v update-desktop-database >/dev/null; then
    update-desktop-database -q "$share/applications" || true
fi
if command -v gtk-update-icon-cache >/dev/null; then
    gtk-update-icon-cache -q -t "$share/icons/hicolor" || true
fi
