"""DPO Explained: an interactive explainer whose lab is computed by PyTorch."""
