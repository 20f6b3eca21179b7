"""NextStep-1 with random weights: `python tiny_nextstep_1.py REPOSITORY FOLDER`."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokens import fast

repository, name = sys.argv[1:]
sys.path.insert(0, repository)
os.environ["ENABLE_TORCH_COMPILE"] = "false"
folder = Path(name)

from nextstep.models.configuration_nextstep import NextStepConfig  # noqa: E402
from nextstep.models.modeling_flux_vae import AutoencoderKL, AutoEncoderParams  # noqa: E402
from nextstep.models.modeling_nextstep import NextStep  # noqa: E402
from nextstep.models.tokenization_nextstep import additional_special_tokens  # noqa: E402

torch.manual_seed(1)
with TemporaryDirectory() as files:
    tokenizer = fast(Path(files), *additional_special_tokens)
tokenizer.pad_token = "<|endoftext|>"
begin, end, placeholder = tokenizer.convert_tokens_to_ids(additional_special_tokens[1:4])
config = NextStepConfig(
    vocab_size=len(tokenizer),
    hidden_size=32,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    max_position_embeddings=8192,
    boi=begin,
    eoi=end,
    image_placeholder_id=placeholder,
    fm_head_dim=32,
    fm_head_layers=2,
)
for checkpoint in ("NextStep-1-Large", "NextStep-1-Large-Edit"):
    NextStep(config).to(torch.bfloat16).save_pretrained(folder / checkpoint)
    tokenizer.save_pretrained(folder / checkpoint)
# Its normalization has 32 groups.
params = AutoEncoderParams(ch=32, ch_mult=[1, 1, 1, 1], num_res_blocks=1)
images = folder / "NextStep-1-f8ch16-Tokenizer"
images.mkdir()
torch.save(AutoencoderKL(params).state_dict(), images / "checkpoint.pt")
(images / "config.json").write_text(json.dumps(asdict(params)), "utf-8")
