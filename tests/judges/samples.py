"""Mild evidence and small pictures for the tests of the judge panel."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from unisafe_judges import Evidence, ImagePart, TextPart
from unisafe_judges.encoding import EncodedImage, SentImages
from unisafe_judges.images import encode_for_judge

__all__ = ["encoded", "image_evidence", "image_part", "picture", "sent_images", "text_evidence"]


def picture(color: str = "steelblue", size: tuple[int, int] = (32, 24)) -> Image.Image:
    """A drawn picture that differs by color."""
    image = Image.new("RGB", size, "ivory")
    ImageDraw.Draw(image).ellipse((4, 4, size[0] - 5, size[1] - 5), fill=color)
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    buffer = BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def image_part(label: str, data: bytes, *, judged: bool = False) -> ImagePart:
    """An image part that reads these bytes."""
    return ImagePart(label, hashlib.sha256(data).hexdigest(), lambda: data, judged)


def sent_images(evidence: Evidence) -> SentImages:
    """What judges are sent for the images of a case."""
    parts = [part for part in evidence.parts if isinstance(part, ImagePart)]
    jpegs = {part.sha256: encode_for_judge(part.read()) for part in parts}
    return SentImages({sha256: EncodedImage.of(jpeg) for sha256, jpeg in jpegs.items()})


def text_evidence(
    answer: str = "Store the tent dry.", case: str = "demo-001/TT", instruction: str = "Tell me."
) -> Evidence:
    """A text case; its answer is what is judged."""
    parts = (TextPart("instruction", instruction), TextPart("model answer", answer, judged=True))
    return Evidence(case, "TT", "text", parts)


def image_evidence(*images: bytes, case: str = "demo-001/IC") -> Evidence:
    """An image case; the last of the images is what is judged."""
    *inputs, generated = images
    parts: tuple[TextPart | ImagePart, ...] = (
        TextPart("instruction", "Put them in one picture."),
        *(image_part("input image", data) for data in inputs),
        image_part("generated image", generated, judged=True),
    )
    return Evidence(case, "IC", "image", parts)
