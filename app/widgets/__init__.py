"""The widgets: each module has Params, Result and compute(params) -> Result."""
