# make demo   classify the sample pictures and draw what the network saw
# make test   everything that is tested
# make lint   the format, as CI checks it
.PHONY: build demo test lint system
.DEFAULT_GOAL := build

swift_flags := -c release
avocet := .build/release/avocet
demo_folder := avocet-demo

build: system
	swift build $(swift_flags) --product avocet

system:
	@.ci/install-libraries

demo: build
	@echo
	@echo "Classifying datasets/samples with models/aviary.safetensors:"
	@$(avocet) classify models/aviary.safetensors datasets/samples --format text
	@$(avocet) features models/aviary.safetensors datasets/samples/*/* --out $(demo_folder) --force
	@echo "The feature sheets (edges, parts, objects of every picture) are in $(demo_folder)/"

test: system
	swift build $(swift_flags) --build-tests
	Benchmarks/check-symbols
	SWIFT_BACKTRACE=enable=no swift test $(swift_flags) --skip-build

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources
