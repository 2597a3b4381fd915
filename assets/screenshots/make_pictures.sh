#!/bin/sh
# Makes the pictures that the screenshots show: crops, turns and tints of the five CC0 photos in tests/golden/photos.
# Needs ImageMagick.
#
#   assets/screenshots/make_pictures.sh FOLDER

set -eu
to=${1:?name a folder to make}
photos=$(cd "$(dirname "$0")/../../tests/golden/photos" && pwd)

# variants FILE FOLDER NAME: a dozen views of one photo, as somebody's album might hold them.
variants() {
    from=$photos/$1 folder=$to/$2 name=$3
    mkdir -p "$folder"
    view() {
        number=$1
        shift
        convert "$from" "$@" +repage -resize '900x900>' -quality 88 "$folder/$name $number.jpg"
    }
    view 01
    view 02 -flop
    view 03 -gravity center -crop 70%x70%+0+0
    view 04 -gravity northwest -crop 75%x80%+0+0
    view 05 -gravity southeast -crop 72%x75%+0+0 -flop
    view 06 -modulate 108,70
    view 07 -fill '#ffb060' -colorize 18
    view 08 -fill '#4878c0' -colorize 16 -flop
    view 09 -colorspace Gray -colorspace sRGB
    view 10 -background '#20242a' -rotate 4 -gravity center -crop 82%x82%+0+0
    view 11 -background '#20242a' -rotate -6 -gravity center -crop 78%x78%+0+0
    view 12 -brightness-contrast -12x18 -gravity north -crop 85%x78%+0+0
}

variants chelsea.png cat chelsea
variants coffee.png coffee cup
variants rocket.png launch rocket
variants astronaut.png portrait astronaut
variants camera_grey.png photographer camera
