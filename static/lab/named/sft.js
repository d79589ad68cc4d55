// app/lab/sft.py: the configuration of the supervised fine-tuning that gave the reference policy.
import { dataclass } from "./python.js";

export const SFTConfig = dataclass({ demonstrations: 4000, batch_size: 256, epochs: 10, learning_rate: 3e-3, seed: 0 });
