"""Scripts for the Makefile: assets, benchmarks, screenshots."""
