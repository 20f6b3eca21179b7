"""Decoding an image by its bytes alone.

Pillow has switches that hold for the whole process, and other packages set them: some accept
truncated files, some change what text a PNG may hold, some register formats. What is read here
depends on none of them. A plug-in of Pillow is called directly, a PNG is opened without its texts
and color profile, and each decoder is watched: it must come to its end.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from PIL import GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from unisafe_judges.errors import ImageError

__all__ = ["decode", "format_of"]

_OPEN: Mapping[str, Callable[[BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.jpeg_factory,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
_CODEC = "unisafe_watched"
_CUT_OFF = "the image is cut off: the end of the file is missing"

_PNG_HEAD, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND"
_PNG_IMAGE: Mapping[bytes, int] = {
    b"IHDR": 13,
    b"PLTE": 0,
    b"tRNS": 0,
    b"IDAT": 0,
    b"eXIf": 0,
    b"acTL": 8,
    b"fcTL": 26,
    b"fdAT": 4,
}
"""The chunks that hold the image -> the fewest bytes they may have."""
_PNG_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_EXIF_TEXT, _XMP_TEXT = "Raw profile type exif", "XML:com.adobe.xmp"
_EXIF_HEADS = (b"Exif\0\0", b"II*\0", b"MM\0*")
_MAX_INFLATED = 1024 * 1024
"""Bytes of a text or color profile, once it is decompressed. A larger one is left out."""

_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
# In a scan, FF is part of the data if 00, another FF or a restart mark follows.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_GIF_EXTENSION, _GIF_FRAME, _GIF_TRAILER = b"!,;"


def decode(data: bytes, max_pixels: int) -> Image.Image:
    """The first frame of an image, fully decoded, with its `format` kept.

    Raises:
        ImageError: no PNG, JPEG, WebP or GIF, cut off, damaged, or of more than `max_pixels`.
    """
    kind = format_of(data)
    try:
        if kind == "GIF":
            # Pillow reserves memory for a frame when it opens the file.
            _require_pixels(_gif_pixels(data), max_pixels)
        image = _opened(kind, data)
        _require_pixels(image.width * image.height, max_pixels)
        if kind == "JPEG" and _jpeg_is_cut_off(data):
            raise ImageError(_CUT_OFF)
        _load(image)
    except ImageError:
        raise
    except Exception as error:  # Pillow's plug-ins raise almost anything on hostile bytes
        raise ImageError(f"the file is not an image that can be read: {error}") from None
    return image


def _require_pixels(pixels: int, allowed: int) -> None:
    if pixels > allowed:
        raise ImageError(f"the image has {pixels:,} pixels, more than the {allowed:,} allowed")


def format_of(data: bytes) -> str:
    """What an image file says that it is, in Pillow's names; its first bytes say it.

    Raises:
        ImageError: no PNG, JPEG, WebP or GIF.
    """
    if data.startswith(_PNG_HEAD):
        return "PNG"
    if data.startswith(_JPEG_START + b"\xff"):
        return "JPEG"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise ImageError("the file is not a PNG, JPEG, WebP or GIF image")


def _opened(kind: str, data: bytes) -> ImageFile.ImageFile:
    if kind == "PNG":
        bare, info = _without_texts(data)
        image: ImageFile.ImageFile = PngImagePlugin.PngImageFile(BytesIO(bare))
        for key, value in info.items():
            image.info.setdefault(key, value)
        return image
    image = _OPEN[kind](BytesIO(data))
    if image.format == "MPO":  # a camera's JPEG with further pictures after the first
        image.format = "JPEG"
    return image


# --- watching Pillow's decoders ---


class _Watched(ImageFile.PyDecoder):
    """A decoder of Pillow's that says whether it came to its end.

    Pillow passes over a decoder's failure where LOAD_TRUNCATED_IMAGES is set, as lmms-eval does,
    and a picture that is half grey would be judged.
    """

    has_ended = False

    def init(self, args: tuple[Any, ...]) -> None:
        name, own_args, watched, *extra = args
        self._decoder = Image._getdecoder(self.mode, name, own_args, tuple(extra))
        watched.append(self)

    def setimage(self, im: Any, extents: tuple[int, int, int, int] | None = None) -> None:
        self._decoder.setimage(im, extents)

    def decode(self, buffer: Any) -> tuple[int, int]:
        consumed, code = self._decoder.decode(buffer)
        self.has_ended = consumed < 0 <= code
        return consumed, code

    def cleanup(self) -> None:
        self._decoder.cleanup()


# A name of our own in Pillow's table of decoders changes nothing for others.
Image.register_decoder(_CODEC, _Watched)


def _load(image: ImageFile.ImageFile) -> None:
    watched: list[_Watched] = []
    image.tile = [
        tile._replace(codec_name=_CODEC, args=(tile.codec_name, tile.args, watched))
        for tile in image.tile
    ]
    image.load()
    if not all(decoder.has_ended for decoder in watched):
        raise ImageError("the image is cut off or damaged: not all of it can be decoded")


# --- what Pillow does not tell of a file ---


def _jpeg_is_cut_off(data: bytes) -> bool:
    # The second holds for files that are whole and do not follow the format elsewhere.
    return not _ends_its_picture(data) and data.rfind(_JPEG_END) < data.rfind(_JPEG_SCAN)


def _ends_its_picture(data: bytes) -> bool:
    """Whether a JPEG's first picture comes to its end, whatever follows it.

    A phone appends a film to a picture, in which any bytes may stand.
    """
    at, has_scan = 2, False
    while at + 4 <= len(data) or data[at : at + 2] == _JPEG_END:
        marker = data[at : at + 2]
        if marker == _JPEG_END:
            return has_scan
        if marker[:1] != b"\xff" or marker == _JPEG_START:
            return False
        if marker == b"\xff\xff":  # a fill byte
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _JPEG_SCAN:
            has_scan = True
            found = _MARKER_IN_SCAN.search(data, at)
            if found is None:
                return False
            at = found.start()
    return False


def _gif_pixels(data: bytes) -> int:
    """Pixels of the canvas that the first frame needs.

    Raises:
        ImageError: the file does not come to its end.
    """
    # The trailer is found by walking the blocks: its byte is also an ordinary byte of pixel data,
    # so that one cut in a few hundred would seem to end with it.
    has_frame = False
    try:
        width, height = struct.unpack_from("<HH", data, 6)
        at = 13 + _color_table_size(data[10])
        while data[at] != _GIF_TRAILER:
            if data[at] == _GIF_EXTENSION:
                at = _after_sub_blocks(data, at + 2)
            elif data[at] == _GIF_FRAME:
                if not has_frame:
                    x, y, across, down = struct.unpack_from("<HHHH", data, at + 1)
                    width, height, has_frame = max(width, x + across), max(height, y + down), True
                at = _after_sub_blocks(data, at + 11 + _color_table_size(data[at + 9]))
            else:
                raise ImageError(_CUT_OFF)
    except (IndexError, struct.error):
        raise ImageError(_CUT_OFF) from None
    return int(width * height)


def _color_table_size(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, at: int) -> int:
    while size := data[at]:
        at += 1 + size
    return at + 1


# --- PNG ---


def _without_texts(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """A PNG with nothing but its image, and of the rest what decides how it looks.

    That is Pillow's `info` of the texts that can say which way is up, and of the color profile.
    """
    kept, texts, profile = [_PNG_HEAD], dict[str, tuple[bytes, bytes]](), b""
    view, at = memoryview(data), len(_PNG_HEAD)
    while True:
        if at + 8 > len(data):
            raise ImageError(_CUT_OFF)
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == _PNG_END:
            break
        body, end = view[at + 8 : at + 8 + length], at + 12 + length
        if end > len(data):
            raise ImageError(_CUT_OFF)
        if kind in _PNG_IMAGE:
            if length < _PNG_IMAGE[kind]:
                raise ImageError(f"the image is damaged: {kind.decode()} is too short")
            if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
                raise ImageError(f"the image is damaged: the check sum of {kind.decode()} is wrong")
            kept.append(bytes(view[at:end]))
        elif kind in _PNG_TEXTS:
            key, _, rest = bytes(body).partition(b"\0")
            texts[key.decode("latin-1")] = (kind, rest)
        elif kind == b"iCCP":
            profile = bytes(body).partition(b"\0")[2]
        at = end
    kept.append(struct.pack(">I4sI", 0, _PNG_END, zlib.crc32(_PNG_END)))
    return b"".join(kept), _info(texts, profile)


def _info(texts: Mapping[str, tuple[bytes, bytes]], profile: bytes) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if (icc := _inflated(profile)) is not None:
        info["icc_profile"] = icc
    kind, rest = texts.get(_EXIF_TEXT, (b"", b""))
    raw = _inflated(rest) if kind == b"zTXt" else rest
    if kind in (b"tEXt", b"zTXt") and raw:
        info[_EXIF_TEXT] = raw.decode("latin-1")
    kind, rest = texts.get("exif", (b"", b""))
    if kind == b"tEXt" and rest.startswith(_EXIF_HEADS):
        info["exif"] = rest
    kind, rest = texts.get(_XMP_TEXT, (b"", b""))
    if kind == b"iTXt" and (xmp := _international(rest)) is not None:
        info["xmp"] = xmp
    return info


def _international(rest: bytes) -> bytes | None:
    is_compressed, *fields = rest[:1] != b"\0", *rest[2:].split(b"\0", 2)
    if len(fields) < 3:
        return None
    return _inflated(rest[1:2] + fields[2]) if is_compressed else fields[2]


def _inflated(compressed: bytes) -> bytes | None:
    """What a method (one byte, 0) and a zlib stream hold; None if that is nothing or too much."""
    if compressed[:1] != b"\0":
        return None
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(compressed[1:], _MAX_INFLATED)
    except zlib.error:
        return None
    return None if stream.unconsumed_tail else inflated
