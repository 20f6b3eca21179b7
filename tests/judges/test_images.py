"""Reading images that cannot be trusted, and what a judge is sent for them."""

from __future__ import annotations

import hashlib
import random
import re
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageFile, PngImagePlugin
from PIL.PngImagePlugin import PngInfo

from tests.judges.samples import encoded, picture
from unisafe_judges import ImageError, images
from unisafe_judges.images import (
    as_plain_file,
    check_image,
    decode_image,
    encode_for_judge,
    encoder_of,
    open_upright,
    read_image_file,
)

Color = tuple[int, int, int]
WHITE: Color = (255, 255, 255)


class Impostor(Image.Image):
    """What a plug-in of another package may put in the place of Pillow's own."""

    def __init__(self, *_: object) -> None:
        raise SyntaxError("not for you")


PILLOW: dict[str, dict[tuple[object, str], object]] = {
    "strict Pillow": {},
    "lenient Pillow": {(ImageFile, "LOAD_TRUNCATED_IMAGES"): True},
    "Pillow without limits": {
        (ImageFile, "LOAD_TRUNCATED_IMAGES"): True,
        (Image, "MAX_IMAGE_PIXELS"): None,
        (PngImagePlugin, "MAX_TEXT_CHUNK"): 1 << 30,
        (PngImagePlugin, "MAX_TEXT_MEMORY"): 1 << 40,
        (ImageFile, "MAXBLOCK"): 1 << 20,
    },
    "Pillow with low limits": {
        (Image, "MAX_IMAGE_PIXELS"): 1,
        (PngImagePlugin, "MAX_TEXT_CHUNK"): 1,
        (PngImagePlugin, "MAX_TEXT_MEMORY"): 1,
    },
    "Pillow with other plug-ins": {
        (Image, "OPEN"): dict.fromkeys(("PNG", "JPEG", "WEBP", "GIF"), (Impostor, None)),
        (Image, "ID"): ["PNG", "JPEG", "WEBP", "GIF"],
    },
}


@pytest.fixture(params=PILLOW)
def pillow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Pillow as it is, and as other packages of the process may have set it."""
    name = str(request.param)
    for (module, switch), value in PILLOW[name].items():
        monkeypatch.setattr(module, switch, value)
    return name


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, depth: int, color_type: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def sent(data: bytes) -> Image.Image:
    """What a judge sees of these bytes."""
    image = Image.open(BytesIO(encode_for_judge(data)))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    return image


def color_at(image: Image.Image, x: int, y: int) -> Color:
    value = image.getpixel((x, y))
    assert isinstance(value, tuple)
    red, green, blue = value
    return int(red), int(green), int(blue)


def close(one: Color, other: Color) -> bool:
    return all(abs(a - b) <= 10 for a, b in zip(one, other, strict=True))


def noise(size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))


# --- what an image is ---


@pytest.mark.parametrize(
    ("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"), ("GIF", ".gif")]
)
def test_the_facts_of_an_image_are_its_hash_format_and_size(kind: str, suffix: str) -> None:
    data = encoded(picture(size=(32, 24)), kind)
    facts = check_image(data)
    assert facts.sha256 == hashlib.sha256(data).hexdigest()
    assert (facts.format, facts.width, facts.height) == (kind, 32, 24)
    assert facts.suffix == suffix


def test_a_camera_jpeg_with_a_second_picture_is_a_jpeg_of_the_first() -> None:
    data = encoded(picture("red"), "MPO", save_all=True, append_images=[picture("blue")])
    facts = check_image(data)
    assert (facts.format, facts.suffix) == ("JPEG", ".jpg")
    assert close(color_at(sent(data), 16, 12), (255, 0, 0))


# --- what a judge is sent ---


def test_a_small_rgb_jpeg_goes_as_it_is() -> None:
    data = encoded(picture(), "JPEG", quality=60)
    assert encode_for_judge(data) == data


def test_a_large_jpeg_is_encoded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(picture(), "JPEG", quality=100)
    monkeypatch.setattr(images, "MAX_PASSTHROUGH_BYTES", len(data) - 1)
    assert encode_for_judge(data) != data
    assert sent(data).size == (32, 24)


def test_the_same_bytes_are_always_sent_as_the_same_bytes() -> None:
    data = encoded(picture())
    assert encode_for_judge(data) == encode_for_judge(data)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_put_on_white(mode: str) -> None:
    clear = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 16, 32))
    seen = sent(encoded(clear.convert(mode)))
    assert close(color_at(seen, 4, 16), (0, 0, 0))
    assert close(color_at(seen, 28, 16), WHITE)


def test_what_is_half_transparent_is_mixed_with_white() -> None:
    seen = sent(encoded(Image.new("RGBA", (16, 16), (0, 0, 0, 128))))
    assert close(color_at(seen, 8, 8), (127, 127, 127))


def test_a_palette_keeps_its_colors_and_its_transparent_entry_is_white() -> None:
    image = Image.new("P", (32, 32), 0)
    image.putpalette([0, 0, 255, 0, 128, 0])
    image.paste(1, (0, 0, 16, 32))
    assert close(color_at(sent(encoded(image)), 28, 16), (0, 0, 255))
    seen = sent(encoded(image, transparency=0))
    assert close(color_at(seen, 4, 16), (0, 128, 0))
    assert close(color_at(seen, 28, 16), WHITE)


def test_a_cmyk_jpeg_becomes_rgb() -> None:
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert close(color_at(sent(data), 8, 8), (255, 0, 0))


def test_a_grey_jpeg_becomes_rgb() -> None:
    assert close(color_at(sent(encoded(Image.new("L", (16, 16), 90), "JPEG")), 8, 8), (90, 90, 90))


@pytest.mark.parametrize(("sixteen", "eight"), [(0, 0), (0x4000, 64), (0x8000, 128), (0xFFFF, 255)])
def test_sixteen_bits_of_grey_are_scaled_and_not_clipped_to_white(sixteen: int, eight: int) -> None:
    rows = (b"\0" + struct.pack(">H", sixteen) * 8) * 8
    data = png(8, 8, depth=16, color_type=0, rows=rows)
    assert close(color_at(sent(data), 4, 4), (eight, eight, eight))


def test_sixteen_bits_of_color_are_scaled() -> None:
    rows = (b"\0" + struct.pack(">HHH", 0x4000, 0x8000, 0xFFFF) * 8) * 8
    data = png(8, 8, depth=16, color_type=2, rows=rows)
    assert close(color_at(open_upright(data), 4, 4), (64, 128, 255))


def test_of_an_animation_the_first_frame_is_sent() -> None:
    frames = [Image.new("RGB", (16, 16), name) for name in ("red", "lime", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    assert Image.open(BytesIO(data)).is_animated  # type: ignore[attr-defined]
    assert close(color_at(sent(data), 8, 8), (255, 0, 0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_is_turned_upright_by_its_exif_orientation(kind: str) -> None:
    image = Image.new("RGB", (32, 16), "red")
    image.paste("blue", (16, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    seen = sent(encoded(image, kind, exif=exif))
    assert seen.size == (16, 32)
    assert close(color_at(seen, 8, 4), (254, 0, 0))
    assert close(color_at(seen, 8, 28), (0, 0, 254))
    assert seen.getexif().get(0x0112, 1) == 1


def test_a_plain_file_is_left_alone_and_any_other_becomes_what_a_person_sees() -> None:
    plain = Image.new("RGB", (2, 1), "red")
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        assert as_plain_file(data := encoded(plain, kind)) == data
    exif = Image.Exif()
    exif[0x0112] = 6
    turned, see_through = encoded(plain, "JPEG", exif=exif), Image.new("RGBA", (2, 1))
    for data in (turned, encoded(see_through, "PNG"), encoded(see_through, "GIF")):
        made = as_plain_file(data)
        assert Image.open(BytesIO(made)).format == "PNG"
        assert open_upright(made).tobytes() == open_upright(data).tobytes()


def test_open_upright_shows_what_a_person_sees() -> None:
    image = Image.new("RGBA", (32, 16), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    seen = open_upright(encoded(image, "PNG", exif=exif))
    assert (seen.mode, seen.size) == ("RGB", (32, 16))
    assert (color_at(seen, 4, 8), color_at(seen, 28, 8)) == (WHITE, (255, 0, 0))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_comment_longer_than_jpeg_allows_is_not_sent(kind: str) -> None:
    words = "calm lake " * 7000
    info = PngInfo()
    info.add_text("comment", words)
    options = {"pnginfo": info} if kind == "PNG" else {"comment": words.encode()}
    data = encoded(picture(), kind, **options)
    assert len(encode_for_judge(data)) < 4000
    assert b"calm lake" not in encode_for_judge(data)


def test_an_image_too_wide_for_jpeg_is_an_image_error() -> None:
    with pytest.raises(ImageError, match="cannot be encoded as JPEG"):
        encode_for_judge(encoded(Image.new("L", (65_501, 1))))


@pytest.mark.parametrize("key", ["exif", "xmp", "transparency", "icc_profile", "bbox"])
def test_a_text_chunk_that_poses_as_metadata_changes_nothing(key: str) -> None:
    info = PngInfo()
    info.add_text(key, "no such thing")
    assert encode_for_judge(encoded(noise(), pnginfo=info)) == encode_for_judge(encoded(noise()))


@pytest.mark.parametrize(("size", "sent_size"), [((900, 300), (300, 100)), ((2, 600), (1, 300))])
def test_a_large_image_is_made_smaller_to_its_longest_side(
    size: tuple[int, int], sent_size: tuple[int, int]
) -> None:
    for kind in ("PNG", "JPEG"):
        data = encoded(Image.new("RGB", size, "teal"), kind)
        small = Image.open(BytesIO(encode_for_judge(data, max_side=300)))
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", sent_size)
        assert close(color_at(small, 0, 10), color_at(open_upright(data), 0, 10))


def test_an_image_within_its_longest_side_is_sent_as_it_was() -> None:
    for kind in ("PNG", "JPEG"):
        data = encoded(noise((300, 200)), kind)
        assert encode_for_judge(data, max_side=300) == encode_for_judge(data)


def test_an_image_that_is_turned_is_measured_as_it_is_seen() -> None:
    data = encoded(noise((600, 300)), exif=quarter_turn())
    assert Image.open(BytesIO(encode_for_judge(data, max_side=300))).size == (150, 300)


def test_making_images_smaller_is_another_encoder() -> None:
    assert encoder_of(None) == "jpeg-q95/1"
    assert encoder_of(1568) == "jpeg-q95-side1568/1"


# --- what Pillow's switches do not change ---


def with_text(kind: bytes, body: bytes, at_end: bool = False) -> bytes:
    """A PNG of noise with one more chunk, before or after the pixels."""
    data = encoded(noise())
    place = data.index(b"IEND" if at_end else b"IDAT") - 4
    return data[:place] + chunk(kind, body) + data[place:]


LARGE = zlib.compress(b"calm lake " * 200_000)
TEXTS = {
    "color profile": with_text(b"iCCP", b"icc\0\0" + LARGE),
    "compressed text": with_text(b"zTXt", b"parameters\0\0" + LARGE),
    "compressed text after the pixels": with_text(b"zTXt", b"parameters\0\0" + LARGE, True),
    "international text": with_text(b"iTXt", b"workflow\0\1\0\0\0" + LARGE),
    "XMP": with_text(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + LARGE),
    "plain text": with_text(b"tEXt", b"parameters\0" + b"calm lake " * 200_000),
    "unknown method": with_text(b"zTXt", b"parameters\0\7" + LARGE),
    "wrong check sum": with_text(b"tEXt", b"parameters\0calm").replace(b"calm", b"lake"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_png_with_a_large_or_strange_text_is_sent_as_without_it(name: str, pillow: str) -> None:
    assert check_image(TEXTS[name]).width == 64
    assert encode_for_judge(TEXTS[name]) == encode_for_judge(encoded(noise()))


ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def turned(key: str, words: str, *, compressed: bool, international: bool = False) -> bytes:
    info = PngInfo()
    if international:
        info.add_itxt(key, words, zip=compressed)
    else:
        info.add_text(key, words, zip=compressed)
    return encoded(noise(), pnginfo=info)


def quarter_turn() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


RAW_PROFILE = f"\nexif\n{len(quarter_turn())}\n{quarter_turn().hex()}"
XMP = '<rdf tiff:Orientation="6"/>'
TURNED = {
    "EXIF": encoded(noise(), exif=quarter_turn()),
    "EXIF as text": turned("exif", quarter_turn().decode("latin-1"), compressed=False),
    "raw profile": turned("Raw profile type exif", RAW_PROFILE, compressed=False),
    "compressed raw profile": turned("Raw profile type exif", RAW_PROFILE, compressed=True),
    "XMP": turned("XML:com.adobe.xmp", XMP, compressed=False, international=True),
    "compressed XMP": turned("XML:com.adobe.xmp", XMP, compressed=True, international=True),
}


@pytest.mark.parametrize("name", TURNED)
def test_a_png_is_turned_upright_by_whatever_says_which_way_is_up(name: str, pillow: str) -> None:
    assert open_upright(TURNED[name]).size == (48, 64)


def test_a_color_profile_stays_with_a_picture_that_is_written_again(pillow: str) -> None:
    data = as_plain_file(encoded(noise(), icc_profile=ICC, exif=quarter_turn()))
    profile = data.index(b"iCCP")
    (length,) = struct.unpack(">I", data[profile - 4 : profile])
    stored = data[profile + 4 : profile + 4 + length].partition(b"\0\0")[2]
    assert zlib.decompress(stored) == ICC


WHOLE = {
    **{kind: encoded(noise(), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")},
    "interlaced": png(8, 8, depth=8, color_type=0, rows=(b"\0" + b"\x55" * 8) * 8),
    "animated PNG": encoded(noise(), save_all=True, append_images=[picture(size=(64, 48))]),
    "color profile": encoded(noise(), icc_profile=ICC),
    "two pictures": encoded(noise(), "MPO", save_all=True, append_images=[noise()]),
}
SENT = {name: encode_for_judge(data) for name, data in WHOLE.items()}


@pytest.mark.parametrize("name", WHOLE)
def test_a_picture_is_sent_as_the_same_bytes_in_every_process(name: str, pillow: str) -> None:
    assert encode_for_judge(WHOLE[name]) == SENT[name]


def test_a_jpeg_whose_decoder_gives_up_is_refused(pillow: str) -> None:
    data = encoded(noise(), "JPEG")
    table = data.index(b"\xff\xc4") + 5
    broken = data[:table] + b"\xff" * 16 + data[table + 16 :]
    with pytest.raises(ImageError):
        check_image(broken)


def film(size: int = 3000) -> bytes:
    """What a phone appends to a picture: bytes that hold a JPEG's marks by chance."""
    return b"\0\0\0\x18ftypmp42" + random.Random(5).randbytes(size) + b"\xff\xda\0\0moov"


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_what_follows_the_end_of_a_jpeg_is_not_part_of_it(
    options: dict[str, Any], pillow: str
) -> None:
    whole = encoded(noise(), "JPEG", **options)
    assert check_image(whole + film()).width == 64
    assert encode_for_judge(whole + film()) == whole + film()


def test_a_jpeg_that_is_cut_off_is_not_made_whole_by_what_follows_it(pillow: str) -> None:
    whole = encoded(noise(), "JPEG")
    with pytest.raises(ImageError, match="cut off"):
        check_image(whole[: len(whole) // 2] + film())


def test_a_jpeg_whose_preview_is_whole_may_still_be_cut_off(pillow: str) -> None:
    exif = b"Exif\0\0" + encoded(picture(), "JPEG")
    whole = encoded(noise(), "JPEG", exif=exif)
    with pytest.raises(ImageError, match="cut off"):
        check_image(whole[: len(whole) // 2] + film())


@pytest.mark.parametrize("limit", [None, 10**9])
def test_a_gif_that_asks_for_a_huge_frame_is_refused_before_memory_is_reserved(
    monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    data = bytearray(encoded(picture(), "GIF"))
    frame = data.index(b",", 13 + (3 << (data[10] & 7) + 1))
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(ImageError, match="4,294,836,225 pixels"):
        check_image(bytes(data))


# --- what is refused ---


CUT = {
    "PNG": encoded(noise(), "PNG"),
    "JPEG": encoded(noise(), "JPEG"),
    "progressive JPEG": encoded(noise(), "JPEG", progressive=True),
    "WebP": encoded(noise(), "WEBP"),
    "GIF": encoded(noise(), "GIF"),
    "animated GIF": encoded(
        noise(), "GIF", save_all=True, append_images=[picture(size=(64, 48))], comment=b"two"
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_an_image_that_is_cut_off_anywhere_is_refused(name: str, pillow: str) -> None:
    whole = CUT[name]
    assert check_image(whole).width == 64
    # The last four bytes of a PNG are a check sum of nothing, so that it is whole without them.
    last = len(whole) - (4 if name == "PNG" else 0)
    for length in random.Random(3).sample(range(last), 150) + list(range(last - 50, last)):
        with pytest.raises(ImageError):
            check_image(whole[:length])


def test_a_gif_cut_where_its_pixels_hold_the_byte_of_the_trailer_is_refused(pillow: str) -> None:
    whole = CUT["GIF"]
    pixels = 13 + 3 * 256 + 10
    cuts = [at.end() for at in re.finditer(b";", whole[:-1]) if at.start() > pixels]
    assert len(cuts) > 3
    for length in cuts:
        with pytest.raises(ImageError, match="the image is cut off"):
            decode_image(whole[:length])


def test_a_gif_with_blocks_of_no_known_kind_is_refused(pillow: str) -> None:
    with pytest.raises(ImageError, match="cut off"):
        check_image(CUT["GIF"][:-1] + b"\x99;")


def test_a_png_whose_pixels_were_changed_is_refused(pillow: str) -> None:
    data = bytearray(CUT["PNG"])
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ImageError):
        check_image(bytes(data))


def test_an_image_that_claims_too_many_pixels_is_refused_before_any_is_decoded() -> None:
    bomb = png(100_000, 100_000, depth=8, color_type=2, rows=b"")
    with pytest.raises(ImageError):
        check_image(bomb)


def test_an_image_just_over_the_cap_is_refused_with_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encoded(picture(size=(32, 24)))
    monkeypatch.setattr(images, "MAX_PIXELS", 32 * 24)
    assert check_image(data).width == 32
    monkeypatch.setattr(images, "MAX_PIXELS", 32 * 24 - 1)
    with pytest.raises(ImageError, match="768 pixels, more than the 767 allowed"):
        check_image(data)


def test_bytes_over_the_cap_are_refused_without_being_decoded() -> None:
    with pytest.raises(ImageError, match="67,108,865 bytes, more than the 67,108,864 allowed"):
        check_image(bytes(images.MAX_BYTES + 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"only a text\n",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
        encoded(picture(), "BMP"),
        encoded(picture(), "TIFF"),
        encoded(picture(), "ICO"),
        encoded(picture(), "PPM"),
    ],
    ids=["empty", "zeros", "text", "SVG", "BMP", "TIFF", "ICO", "PPM"],
)
def test_what_is_not_png_jpeg_webp_or_gif_is_refused(data: bytes) -> None:
    for read in (check_image, decode_image, encode_for_judge, open_upright):
        with pytest.raises(ImageError, match="not a PNG, JPEG, WebP or GIF"):
            read(data)


# --- files ---


def test_an_image_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "picture.bin"
    path.write_bytes(encoded(picture()))
    assert read_image_file(path) == encoded(picture())


@pytest.mark.parametrize("name", [".", "missing.png", "no\0name.png"])
def test_what_is_no_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(ImageError, match="is not a file") as caught:
        read_image_file(path)
    assert str(path) in str(caught.value)


def test_a_file_over_the_cap_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(images.MAX_BYTES + 1)
    with pytest.raises(ImageError, match=r"large\.png has 67,108,865 bytes"):
        read_image_file(path)


def test_a_path_that_the_system_rejects_is_an_image_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"is not a file|cannot be read"):
        read_image_file(tmp_path / ("x" * 5000))
