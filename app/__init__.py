"""DPO Explained: an interactive explainer whose every number is computed by PyTorch."""
