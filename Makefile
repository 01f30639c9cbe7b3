test:
	cargo nextest run --workspace --no-tests pass
.PHONY: test
