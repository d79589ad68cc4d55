"""The derivation of the DPO loss: its six steps, and the numbers that each is checked on."""
