"""Reading images that cannot be trusted, and encoding them for a judge.

An image is read within caps, decoded once to see that it is whole, and sent as JPEG: a JPEG that
needs no change goes as it is, everything else is turned upright, put on white where it is
transparent, converted to RGB and encoded at quality 95. Of an animation the first frame counts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from unisafe_judges.decoding import decode, format_of
from unisafe_judges.errors import ImageError

__all__ = [
    "ENCODER",
    "MAX_BYTES",
    "MAX_PIXELS",
    "ImageFacts",
    "ImageSketch",
    "as_plain_file",
    "check_image",
    "decode_image",
    "encode_for_judge",
    "encode_image",
    "encoder_of",
    "open_upright",
    "read_image_file",
    "suffix_of",
    "upright_on_white",
]

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 50_000_000
JPEG_QUALITY = 95
MAX_PASSTHROUGH_BYTES = 4 * 1024 * 1024
ENCODER = f"jpeg-q{JPEG_QUALITY}/1"
"""Recorded with every verdict, since the encoding is part of what the judge saw."""


def encoder_of(max_side: int | None) -> str:
    """The encoder's name where images are made smaller to a longest side of `max_side` pixels."""
    return ENCODER if max_side is None else f"jpeg-q{JPEG_QUALITY}-side{max_side}/1"


_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "GIF": ".gif"}
_ORIENTATION = 0x0112
_SKETCH_CELLS = 16


@dataclass(frozen=True)
class ImageFacts:
    """What is known of an image once its bytes were checked. Sizes are in pixels."""

    sha256: str
    format: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        """As `suffix_of`."""
        return _SUFFIXES[self.format]


@dataclass(frozen=True)
class ImageSketch:
    """An upright image in a few cells of mean colours, by which most others are told from it."""

    width: int
    height: int
    colours: bytes

    @classmethod
    def of(cls, upright: Image.Image) -> ImageSketch:
        """The sketch of what `upright_on_white` gave. No cell is smaller than 16 x 16 pixels."""
        cells = [max(1, min(_SKETCH_CELLS, side // 16)) for side in upright.size]
        small = upright.resize((cells[0], cells[1]), Image.Resampling.BOX, reducing_gap=1.0)
        return cls(*upright.size, small.tobytes())

    def is_near(self, other: ImageSketch, tolerance: int) -> bool:
        """Whether both have one size, and no cell differs by more, of 255 in each channel."""
        return (self.width, self.height) == (other.width, other.height) and all(
            abs(one - two) <= tolerance
            for one, two in zip(self.colours, other.colours, strict=True)
        )


def suffix_of(data: bytes) -> str:
    """The ending of a file name that belongs to an image, whatever the file was called.

    Nothing is decoded.

    Raises:
        ImageError: its first bytes are of no PNG, JPEG, WebP or GIF, or it is over `MAX_BYTES`.
    """
    _require_size(data)
    return _SUFFIXES[format_of(data)]


def read_image_file(path: Path) -> bytes:
    """Read a file that should be an image, without reading more than the cap.

    Raises:
        ImageError: the path is no regular file, cannot be read, or is over `MAX_BYTES`.
    """
    try:
        if not path.is_file():
            raise ImageError(f"{path} is not a file")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageError(f"{path} has {size:,} bytes, more than the {MAX_BYTES:,} allowed")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror or error}") from None


def check_image(data: bytes) -> ImageFacts:
    """Decode an image completely and say what it is.

    Raises:
        ImageError: no image, not PNG, JPEG, WebP or GIF, cut off, or over the caps.
    """
    image = decode_image(data)
    facts = ImageFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        format=str(image.format),
        width=image.width,
        height=image.height,
    )
    # What passes here is shown to models and judges later, which must not fail then.
    upright_on_white(image)
    return facts


def decode_image(data: bytes) -> Image.Image:
    """The first frame of an image, fully decoded, with its `format` kept.

    Raises:
        ImageError: as `check_image`.
    """
    _require_size(data)
    return decode(data, MAX_PIXELS)


def _require_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise ImageError(f"the image has {len(data):,} bytes, more than the {MAX_BYTES:,} allowed")


def open_upright(data: bytes) -> Image.Image:
    """An image as a person sees it: turned by its EXIF orientation, on white, RGB.

    Raises:
        ImageError: as `check_image`.
    """
    return upright_on_white(decode_image(data))


def as_plain_file(data: bytes) -> bytes:
    """The file as it is, if whoever opens it sees what `open_upright` gives; else that as a PNG.

    Raises:
        ImageError: as `check_image`.
    """
    image = decode_image(data)
    if _is_plain(image):
        return data
    buffer = BytesIO()
    upright_on_white(image).save(buffer, "PNG")
    return buffer.getvalue()


def encode_for_judge(data: bytes, max_side: int | None = None) -> bytes:
    """The JPEG bytes that a judge is sent for an image.

    An image with a side longer than `max_side` pixels is made smaller with Lanczos' filter, its
    shape kept.

    Raises:
        ImageError: as `check_image`.
    """
    image = decode_image(data)
    return encode_image(data, image, upright_on_white(image), max_side)


def encode_image(
    data: bytes, image: Image.Image, upright: Image.Image, max_side: int | None = None
) -> bytes:
    """As `encode_for_judge`, of a file that is decoded already.

    Args:
        data: the file.
        image: what `decode_image` gave for it.
        upright: what `upright_on_white` gave for that.
        max_side: the longest side in pixels.

    Raises:
        ImageError: JPEG cannot hold it.
    """
    fits = image.format == "JPEG" and image.mode == "RGB" and len(data) <= MAX_PASSTHROUGH_BYTES
    is_small = max_side is None or max(image.size) <= max_side
    if fits and is_small and _is_plain(image):
        return data
    if max_side is not None and not is_small:
        scale = max_side / max(upright.size)
        size = (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
        upright = upright.resize(size, Image.Resampling.LANCZOS)
    buffer = BytesIO()
    try:
        # An empty comment, since the image's own may be longer than JPEG allows.
        upright.save(buffer, format="JPEG", quality=JPEG_QUALITY, comment=b"")
    except Exception as error:  # such as a side longer than JPEG allows
        raise ImageError(f"the image cannot be encoded as JPEG: {error}") from None
    return buffer.getvalue()


def _is_plain(image: Image.Image) -> bool:
    """Whether whoever opens the file sees what `open_upright` gives."""
    single = getattr(image, "n_frames", 1) == 1
    opaque = image.mode in ("RGB", "L", "P") and not image.has_transparency_data
    return opaque and single and image.getexif().get(_ORIENTATION, 1) == 1


def upright_on_white(image: Image.Image) -> Image.Image:
    """A decoded image as a person sees it.

    Raises:
        ImageError: it cannot be converted.
    """
    try:
        return _on_white(ImageOps.exif_transpose(image))
    except Exception as error:  # text chunks that pose as EXIF or XMP, and the like
        raise ImageError(f"the image cannot be converted: {error}") from None


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "I;16":
        # Pillow converts 16 bits of grey by clipping, which turns nearly all of it white.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        rgba = image.convert("RGBA")
        canvas = Image.new("RGBA", rgba.size, "white")
        canvas.alpha_composite(rgba)
        return canvas.convert("RGB")
    return image.convert("RGB")
