"""The lab: a language model world small enough to be computed exactly.

It needs only torch and safetensors, and imports nothing from the rest of the project.
"""

import torch

from app.lab.malloc import keep_freed_memory

# The networks are tiny: more threads would only wait for each other, and one thread makes
# runs reproducible and lets a server run several side by side.
torch.set_num_threads(1)
keep_freed_memory()
