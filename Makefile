# Two commands on a fresh machine: `make demo` and `make test`. Both install what they need, once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test install lint clean

demo: $(INSTALLED)
	rm -rf demo-run
	UNISAFE_DATA=demo UNISAFE_PANEL=labels $(BIN)/lmms-eval --model predictions \
		--model_args predictions=demo --tasks unisafe --output_path demo-run --log_samples
	@# lmms-eval exits with 0 when an evaluation failed, so the result itself is looked at.
	@test -f demo-run/unisafe-*/metrics.json || { echo "make demo: there is no result"; exit 1; }
	$(BIN)/unisafe score demo-run/unisafe-*
	@echo "Run folder: $$(ls -d demo-run/unisafe-*)"

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(INSTALLED)

# torch comes first, so that the build that is here stays; PyPI's torchvision is made for CUDA and
# breaks `import transformers` beside a CPU torch, which does without it.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[lmms,hf,diffusers,dev]'
	@$(BIN)/python -c 'import torchvision' 2>/dev/null || \
		$(BIN)/python -m pip uninstall --quiet --yes torchvision
	touch $@

clean:
	rm -rf $(VENV) demo-run build dist
