#!/bin/sh
# Takes the screenshots of this folder from the real window, on a display of its own.
# Needs Xvfb, xdotool and ImageMagick.
#
#   assets/screenshots/take_screenshots.sh target/release/puma

set -eu
puma=$(realpath "${1:?name the program}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
display=:${PUMA_SHOT_DISPLAY:-93}
album=$work/Album
"$here/make_pictures.sh" "$album"

Xvfb "$display" -screen 0 1280x820x24 >"$work/xvfb.log" 2>&1 &
xvfb=$!
window=
finish() {
    [ -z "$window" ] || kill "$window" 2>/dev/null || true
    kill "$xvfb" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
sleep 1
export DISPLAY="$display" PUMA_HOME="$work/home" LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY
wait_s=${PUMA_SHOT_WAIT:-3}

focus() { xdotool windowfocus "$(xdotool search --name 'PUMA$' | head -1)"; }
away() { xdotool mousemove 640 815 && sleep 1; }
shot() { away && import -window root -quality 92 -depth 8 "$here/$1.png"; }
press() { xdotool mousemove "$1" "$2" click 1 && sleep "${3:-1}"; }
enter() {
    xdotool key ctrl+l
    sleep 0.4
    xdotool type --delay 4 "$1"
    xdotool key Return
}

"$puma" >"$work/log" 2>&1 &
window=$!
sleep $((2 * wait_s))
focus
shot welcome

enter "$album"
# The note that all is indexed leaves after eight seconds.
sleep $((12 + 2 * wait_s))
shot start

enter "$album/cat/chelsea 03.jpg"
sleep "$wait_s"
shot neighbours

# The views by their places in the bar.
press 851 20 "$wait_s"
shot prompts
press 922 20 $((2 * wait_s))
shot map

press 756 20
# View, Light theme.
press 1137 20
press 1075 165
shot light
