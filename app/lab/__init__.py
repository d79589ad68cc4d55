"""The lab: a language model world small enough to be computed exactly.

Only torch, numpy and safetensors live here; nothing of the web or of the pages is imported.
"""

import torch

from app.lab.malloc import keep_freed_memory

# The networks are tiny: more threads would only wait for each other, and one thread makes
# runs reproducible and lets a server run several side by side.
torch.set_num_threads(1)
keep_freed_memory()
