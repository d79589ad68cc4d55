"""What the Makefile runs: assets, benchmark, screenshots."""
