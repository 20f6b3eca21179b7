"""What BAGEL's code counts on CUDA for, on a CPU: one function of flash_attn, and autocast."""

import torch
from torch.nn.functional import scaled_dot_product_attention

autocast = torch.autocast
torch.autocast = lambda device_type, **given: autocast("cpu", **given)


def flash_attn_varlen_func(
    q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, causal=False
):
    """The same attention, one sample at a time."""
    outputs = []
    for begin_q, end_q, begin_k, end_k in zip(
        cu_seqlens_q[:-1], cu_seqlens_q[1:], cu_seqlens_k[:-1], cu_seqlens_k[1:], strict=True
    ):
        query = q[begin_q:end_q].transpose(0, 1)
        key, value = (each[begin_k:end_k].transpose(0, 1) for each in (k, v))
        repeats = query.shape[0] // key.shape[0]
        key, value = (each.repeat_interleave(repeats, 0) for each in (key, value))
        mask = None
        if causal:
            # Its causal mask is aligned to the end of the keys.
            count_q, count_k = query.shape[1], key.shape[1]
            mask = torch.ones(count_q, count_k, dtype=torch.bool).tril(count_k - count_q)
        outputs.append(scaled_dot_product_attention(query, key, value, mask).transpose(0, 1))
    return torch.cat(outputs)
