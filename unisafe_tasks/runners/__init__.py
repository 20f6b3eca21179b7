"""Scripts that serve one unified model each, in that model's own environment.

`--model umm_worker --model_args runner=NAME,...` starts `NAME.py`. Only `models.shipped_runners`
reads these files here, as text. They need Python 3.9 and nothing of this package but `serve.py`.
"""
