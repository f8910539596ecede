# The commands of the project; `make help` lists them. Needs make and Python 3.11 to 3.13, nothing else.
# On Windows, README.md says what to type instead.
# Settings: PYTHON=/path/to/python3 (which Python makes the environment), JOBS=2 (tests side by side).

BIN = .venv/bin
KERNEL_TESTS = $(patsubst %,tests/training/test_%.py,phases statics padding switches)
JOBS ?= 2
PAGE = _build/html/index.html

# TensorFlow stays silent and its numbers do not depend on oneDNN; whoever has set these keeps his setting.
export TF_CPP_MIN_LOG_LEVEL ?= 3
export TF_ENABLE_ONEDNN_OPTS ?= 0

# Python may keep its bytecode: else each of the many processes of the tests compiles TensorFlow anew, for 20 seconds.
unexport PYTHONDONTWRITEBYTECODE

# $(call step,what it does,command,what is wrong if it fails)
# (no apostrophes in the first and the last, no commas but $(comma))
step = @echo; echo '== $(strip $(1))'; $(2) || { echo; echo 'Stopped: $(strip $(3))'; exit 1; } >&2

.PHONY: help env book pdf test test-slow test-figures test-html test-colab address pictures pins clean
.DEFAULT_GOAL := help

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## make the Python environment in .venv (the others do it too)
	@.ci/environment

book: env ## build the book from its stored outputs and print the page to open
	$(call step,Building the pages (the code in them is not run),\
	  $(BIN)/jupyter-book build . -q >.venv/book.log 2>&1 || { tail -n 15 .venv/book.log; false; },\
	  the book could not be built; the lines above say why (all of them: .venv/book.log).)
	@grep -i warning .venv/book.log; echo; echo "The book is ready. Open $(CURDIR)/$(PAGE)"

pdf: env ## print the whole book into one PDF (wants Chromium or Chrome; CHROMIUM=/path/to/it names one)
	@$(BIN)/python book/_scripts/chromium.py >/dev/null
	@$(MAKE) --no-print-directory book
	$(call step,Printing the book,$(BIN)/python book/_scripts/pdf.py,the book was not printed; see above.)

test: env ## everything that CI checks: lint, spelling, types, strict build, unit tests, every notebook
	$(call step,Lint and format,$(BIN)/ruff check . && $(BIN)/ruff format --check .,\
	  ruff found something; "$(BIN)/ruff check --fix . && $(BIN)/ruff format ." mends most of it.)
	$(call step,Spelling,$(BIN)/codespell *.md book data/*.md timegan_lib tests benchmarks Makefile _config.yml,\
	  codespell found something; the line says what it would write.)
	$(call step,Types of the library,$(BIN)/mypy,mypy found a type that does not fit.)
	$(call step,The book$(comma) every warning an error,rm -rf _build && \
	  $(BIN)/jupyter-book build . -q -W -n --keep-going,the strict build of the book gave warnings; see above.)
	$(call step,Unit tests,$(BIN)/pytest -q -n $(JOBS) --dist loadfile tests,a unit test failed; see above.)
	$(call step,Networks and training once more$(comma) on the kernels of TensorFlow,\
	  TIMEGAN_KERNEL=off $(BIN)/pytest -q -n $(JOBS) --dist loadfile tests/networks $(KERNEL_TESTS),\
	  a test failed on the kernels of TensorFlow; see above.)
	$(call step,Every notebook$(comma) run and compared with its stored outputs,\
	  $(BIN)/pytest -q -n $(JOBS) --dist loadfile --nbval --nbval-current-env book,\
	  a notebook does not give its stored outputs; see above.)
	@echo; echo "All checks passed."

test-slow: env ## the tests that take minutes each
	$(call step,Slow tests,$(BIN)/pytest -q -m slow tests,a slow test failed; see above.)

test-figures: env ## draw the figures of pages that train nothing, and compare them with the stored ones
	$(call step,Figures,$(BIN)/pytest -q -m figures tests,a stored figure is not the one that its page draws; see above.)

test-html: env ## build the book anew and read it in a browser, every page (wants Chromium or Chrome)
	@rm -rf _build
	@$(MAKE) --no-print-directory book
	$(call step,What drives the browser,$(BIN)/python -m pip install -q --no-compile --disable-pip-version-check \
	  --require-hashes -r .ci/html.txt,it could not be installed; see above.)
	$(call step,The book in a browser,$(BIN)/pytest -q -m html tests/book,\
	  a page is not what its readers need; see above.)

test-colab: env ## run every notebook as Colab does, in a second environment with its versions (.venv-colab)
	$(call step,An environment with the versions of Colab,\
	  $(BIN)/python -m venv .venv-colab && .venv-colab/bin/python -m pip install -q --no-compile --disable-pip-version-check \
	  --require-hashes -r .ci/colab.txt,it could not be made; see above.)
	$(call step,Every notebook of the last commit$(comma) alone in an empty folder,\
	  .venv-colab/bin/python tests/colab.py,a notebook does not run on Colab; see above.)

address: env ## write the address of the repository, as pyproject.toml gives it, into all other files
	@$(BIN)/python .ci/address.py

pictures: env ## draw the pictures of pages without code anew
	$(BIN)/python book/_scripts/cover.py
	$(BIN)/python book/_scripts/diagram.py
	$(BIN)/python book/_scripts/game.py
	$(BIN)/python book/_scripts/sheet.py
	$(BIN)/python book/_scripts/sampler_files.py
	$(BIN)/python book/_scripts/learning_files.py

UV_COMPILE = uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make pins" $(if $(UPGRADE),--upgrade)
pins: ## renew requirements.txt from pyproject.toml (needs uv; UPGRADE=1 takes the newest versions)
	@command -v uv >/dev/null || { echo "Stopped: this needs uv (pip install uv)." >&2; exit 1; }
	$(UV_COMPILE) pyproject.toml --extra book --extra test -o requirements.txt
	$(UV_COMPILE) .ci/colab.in -o .ci/colab.txt
	$(UV_COMPILE) .ci/html.in --constraint requirements.txt -o .ci/html.txt

clean: ## remove what was built (_build, caches); `rm -rf .venv` removes the environment too
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find timegan_lib tests benchmarks data book -name __pycache__ -prune -exec rm -rf {} +

comma := ,
