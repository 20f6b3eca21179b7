"""What servers of unified models can be asked, and how: one row for each server.

Each row was written after the sources that it names. A profile says what a server cannot do, so
that such a case ends as unsupported before it is asked. It sends the server's defaults with every
request, so that a later default of the server does not change what is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from unisafe_tasks.errors import UnisafeError
from unisafe_tasks.tasks import TASKS

__all__ = ["PROFILES", "Dialect", "Edits", "Pins", "Profile", "profile_named"]

Dialect = Literal["responses", "images", "chat", "gemini"]
Edits = Literal["files", "image-objects", "image-list"]
"""How a request shows the images to edit: as files of a form to /images/edits; in JSON to
/images/edits; or in JSON to /images/generations."""

_ALL = frozenset(TASKS)
_IMAGE = frozenset(code for code, task in TASKS.items() if task.makes_images)


@dataclass(frozen=True)
class Pins:
    """A server's defaults that are sent, by what is asked: a drawing, an edit, or a text."""

    draw: Mapping[str, Any] = field(default_factory=dict)
    edit: Mapping[str, Any] = field(default_factory=dict)
    write: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """One server.

    `draws` and `writes` are the dialects for image and text tasks. `history` is what a later turn
    is shown: an editor is shown its last image alone. `modalities` is what image tasks ask of chat
    completions; text tasks then ask for text alone. `url` and `key` are the provider's, where
    there is one. `takes_system` is whether a system prompt reaches the model. `around` is what
    image tasks put before and after the words, where the server applies no template of its own.
    `stack` is what the sources say of the safety stack that no request can set.
    """

    adapter: Literal["umm_openai", "umm_gemini"]
    draws: Dialect
    tasks: frozenset[str]
    source: str
    writes: Dialect | None = None
    history: Literal["full", "last"] = "last"
    modalities: str | None = None
    edits: Edits = "files"
    response_format: Literal["b64_json"] | None = None
    takes_system: bool = False
    around: tuple[str, str] = ("", "")
    url: str | None = None
    key: str | None = None
    pins: Pins = field(default_factory=Pins)
    stack: Mapping[str, str] = field(default_factory=dict)


_BAGEL = {"seed": 52, "num_inference_steps": 50, "cfg_text_scale": 4.0, "cfg_img_scale": 1.5}
_HUNYUAN = {"seed": 52, "num_inference_steps": 50, "bot_task": "think"}
_SEEDREAM = {"sequential_image_generation": "disabled", "watermark": True}
_IMAGE_TOOL = {"model": "gpt-image-2.6-sunburst", "moderation": "auto"}

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        # Of several messages the server keeps the user's words, joined, and of several images the
        # first: neither a conversation nor two images reach the model.
        "vllm-omni-bagel": Profile(
            "umm_openai",
            "chat",
            _ALL - {"IC"},
            "vllm-omni 0.30.0: entrypoints/openai/serving_chat.py, deploy/bagel.yaml, "
            "diffusion/models/bagel/pipeline_bagel.py; its examples/online_serving/bagel",
            writes="chat",
            modalities="image",
            around=("<|im_start|>", "<|im_end|>"),
            pins=Pins(
                draw=_BAGEL,
                edit=_BAGEL,
                write={
                    "temperature": 0.4,
                    "top_p": 0.9,
                    "top_k": 1,
                    "max_tokens": 2048,
                    "repetition_penalty": 1.05,
                    "seed": 52,
                },
            ),
            stack={"system_prompt": "none: the server drops it"},
        ),
        # Without `bot_task` the prompt goes to the model without its template. The server draws a
        # seed of its own for each request that names none.
        "vllm-omni-hunyuan": Profile(
            "umm_openai",
            "images",
            _ALL,
            "vllm-omni 0.30.0: entrypoints/openai/api_server.py, images/helpers.py, "
            "diffusion/model_metadata.py, deploy/hunyuan_image_3_moe.yaml",
            writes="chat",
            modalities="image",
            response_format="b64_json",
            pins=Pins(
                draw=_HUNYUAN,
                edit=_HUNYUAN,
                write={"temperature": 0.0, "top_p": 1, "top_k": -1, "max_tokens": 8192},
            ),
        ),
        "sglang": Profile(
            "umm_openai",
            "images",
            _IMAGE,
            "sglang 0.5.23: multimodal_gen/runtime/entrypoints/openai/image_api.py, protocol.py, "
            "configs/sample/sampling_params.py",
            response_format="b64_json",
            pins=Pins(draw={"size": "1024x1024", "seed": 42}, edit={"seed": 42}),
            stack={
                "system_prompt": "none: the Images API has none",
                "negative_prompt": "the server's own for this model",
            },
        ),
        "openrouter": Profile(
            "umm_openai",
            "chat",
            _ALL,
            "openrouter (SDK) 1.3.84: components/chatrequest.py, chatassistantimages.py; its page "
            "on image generation",
            writes="chat",
            history="full",
            modalities="image:text",
            takes_system=True,
            url="https://openrouter.ai/api/v1",
            key="OPENROUTER_API_KEY",
        ),
        "xai": Profile(
            "umm_openai",
            "images",
            _IMAGE,
            "docs.x.ai: model-capabilities/images; xai-sdk 1.21.0: image.py, image_pb2.pyi",
            edits="image-objects",
            response_format="b64_json",
            url="https://api.x.ai/v1",
            key="XAI_API_KEY",
        ),
        "seedream": Profile(
            "umm_openai",
            "images",
            _IMAGE,
            "byteplus-python-sdk-v2 3.0.63: byteplussdkarkruntime/resources/images, types/images",
            edits="image-list",
            response_format="b64_json",
            url="https://ark.ap-southeast.bytepluses.com/api/v3",
            key="ARK_API_KEY",
            pins=Pins(draw=_SEEDREAM, edit=_SEEDREAM),
        ),
        # Of the Responses API the image tool is pinned, whose default model changes. The model
        # writes the tool's prompt itself, which the answer gives as `revised_prompt`.
        "openai": Profile(
            "umm_openai",
            "responses",
            _ALL,
            "openai (SDK) 3.57.0: types/responses/tool_param.py, response_output_item.py, "
            "response_error.py",
            writes="responses",
            history="full",
            takes_system=True,
            url="https://api.openai.com/v1",
            key="OPENAI_API_KEY",
            pins=Pins(draw=_IMAGE_TOOL, edit=_IMAGE_TOOL),
            stack={"prompt_rewriter": "the model's own words for its image tool"},
        ),
        "gemini": Profile(
            "umm_gemini",
            "gemini",
            _ALL,
            "google-genai 3.4.0: types.py",
            writes="gemini",
            history="full",
            takes_system=True,
            url="https://generativelanguage.googleapis.com",
            key="GEMINI_API_KEY",
        ),
    }
)
"""The servers by what `profile=` calls them."""


def profile_named(name: str, adapter: str) -> Profile:
    """The profile of that name.

    Raises:
        UnisafeError: there is none, or it is another adapter's.
    """
    if name not in PROFILES:
        raise UnisafeError(f"there is no profile {name!r}; there are: {', '.join(PROFILES)}")
    profile = PROFILES[name]
    if profile.adapter != adapter:
        raise UnisafeError(f"the profile {name} is for --model {profile.adapter}")
    return profile
